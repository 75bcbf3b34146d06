// Package mutate asks what the tests of the core are worth: it makes small faults in
// internal/core, one at a time, and sees whether a pure test notices. `make mutate` plays all of
// them; a test of this package plays a fixed sample.
//
// All mutants are compiled into one copy of the package ([instrument]): each place asks whether its
// fault is the one switched on, by an environment variable. So the test programs are built once, and
// a mutant costs the running time of the tests that fail first. The sources on disk are not touched:
// the copy reaches the compiler by `go test -overlay`.
//
// What is changed:
//
//	condition    the condition of an if, for or case, negated, and taken for true or for false
//	operand      one operand of && or || left out; && for ||; the value of a returned bool
//	boundary     < for <=, > for >=, and back
//	case         one value of a switch with a tag never matches
//	number       + for -, min for max; an integer one more or less; a duration doubled, or nothing
//	bool         true for false
//	call         a call whose result is not used, left out
//	assignment   left out; each side of a tuple by itself
//	return       a function that returns nothing returns at once; an early return, continue or break left out
//
// What is not changed: the words and figures of log lines (only the whole line is left out), String
// methods, the bit size handed to strconv, capacities, strings, package-level tables, and
// fingerprint.go, which no daemon calls: it is for the exhaustive search, and has tests of its own.
package mutate
