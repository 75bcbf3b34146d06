// Package chaos tries faults in real time: two private hosts with real daemons, scripts and sockets,
// a plan made from a seed, and a judge that holds what was recorded against named guarantees. It is
// `lab chaos`.
//
//	plan.go         what a plan says; generate*.go makes one from a seed
//	conduct.go      plays a plan; faults*.go does one step of it, supervise.go keeps daemons running, calm.go ends a round
//	calls.go        what the scripts recorded, as spans of ownership
//	record.go       everything seen of a play; it can be written, read and judged again
//	timeline.go     what was in order when: from it follows what may be expected
//	judge*.go       the guarantees
//	metronome.go    tells whether this machine itself was held up
//	farm.go         many plays at once; report.go and command.go
//
// The guarantees, by the names the judge uses, which are those of docs/guarantees.md where it has one:
//
//	one-owner           no two nodes have a resource, unless one could not hear the other for about a deadtime
//	                    and lived, and then no longer than that lasts and the healing takes
//	false-death         a node is declared dead only after it could not be heard for about a deadtime
//	owned-in-time       whenever things have been in order for the promised time (see Promise), every
//	                    group runs as it should: on exactly one node, on the survivor, or on each side of a split
//	nothing-moves       while nothing happens that must move a group, no script starts or stops anything
//	split-keeps         when only the network failed and came back, who had a group has not stopped it
//	daemon-lives        a daemon ends when it is told to, killed, or its host ends; never by itself
//	no-needless-reboot  a node reboots itself only when a resource cannot be stopped
//	commands-return     an operator's command comes back
//	converges           when all is calm both nodes say the truth about who owns what
//	no-growth           descriptors, threads, goroutines and memory stay within bounds
//	clean-log           no panic and no secret in what the daemon writes
package chaos
