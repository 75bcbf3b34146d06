// Package runner runs resource scripts and reports how each ended.
//
// A word of haresources is looked up as 3.0.6 does (resource.d, then init.d) and then as a
// service of systemd. The script gets the environment, arguments and working directory 3.0.6
// gives, and nothing else of the daemon: no descriptor, no ignored signal, no systemd variable,
// no pipe. Its output goes to a file in memory, so that a service it starts may keep its stdout
// for ever without holding anything up. There is no timeout, as there is none in 3.0.6, and nothing
// is killed: a script cut off in the middle of its work is worse than one that hangs, and it is the
// caller's to say that it does.
package runner
