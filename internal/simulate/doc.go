// Package simulate plays seeded lives of a cluster in virtual time and holds every moment against
// the guarantees of docs/guarantees.md. Nothing in it waits; the same seed gives the same life.
//
// Where to look:
//
//	plan.go      what a life is: a head (ha.cf, haresources) and steps, in the words of a scenario
//	generate.go  a seed makes a plan; each seed has its own choice of faults
//	run.go       plays a plan; calm.go: all faults end, and all must come right
//	watch.go     looks at every action, datagram and script
//	rules.go     the rules by name; rules_*.go: one function each
//	duty.go      what must have come true at a certain time
//	facts.go     how things stand; times.go: the times of the guarantees
//	shrink.go    makes a failing plan small
//	farm.go      many seeds on all processors; command.go: lab simulate
package simulate
