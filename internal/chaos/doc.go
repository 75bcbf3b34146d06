// Package chaos tries faults in real time: two private hosts with real daemons, scripts and sockets,
// a plan made from a seed, and a judge that holds what was recorded against named guarantees. It is
// `lab chaos`.
//
//	plan.go         what a plan says; generate*.go makes one from a seed
//	conduct.go      plays a plan; faults.go and replay.go do its steps, supervise.go keeps daemons running, calm.go ends a round
//	processes.go    the processes of a daemon: each can be stopped and killed, or all of them
//	calls.go        what the scripts recorded, as spans of ownership
//	stamp.go        when a line of ha-log was written, as near as can be told
//	record.go       everything seen of a play; it can be written, read and judged again
//	timeline.go     what was in order when: from it follows what may be expected
//	judge*.go       the guarantees
//	metronome.go    tells whether this machine itself was held up
//	farm.go         many plays at once; report.go and command.go
//
// The guarantees, by the names the judge uses, which are those of docs/guarantees.md where it has one:
//
//	one-owner           no two nodes have a resource, unless one could not hear the other for about a deadtime
//	                    and held it for dead, which lived; and then only what began with that, for no longer than
//	                    that lasts and the healing takes. A script of another group that hangs is no excuse for longer
//	false-death         a node is declared dead only after it could not be heard for about a deadtime; for initdead by
//	                    who has never heard it
//	owned-in-time       whenever things have been in order for the promised time (see Promise), every
//	                    group runs as it should: on exactly one node, on the survivor, or on each side of a split
//	nothing-moves       while nothing happens that must move a group, no script starts or stops anything
//	split-keeps         when only the network failed and came back, who had a group has not stopped it, unless it goes home
//	long-stall          so it is when only one daemon was held up for long
//	restart-keeps       a daemon that was killed and is back at once touches nothing, and neither does the other
//	move-in-time        what an operator's word names has moved in time, on a pair at rest, and nothing else has; what is
//	                    refused moves nothing, and auto_failback legacy refuses
//	stop-in-time        so has all of a node that is told to stop;
//	exit-in-time        and its daemon has ended
//	return-in-time      with auto_failback legacy a group is at home where it can be
//	sleeper-waits       who was held up declares nobody dead for two keepalives, unless it has had no sure word for a deadtime
//	one-script          scripts of a node run one at a time, whichever of its daemons ran them
//	order               starts go from left to right, stops from right to left
//	daemon-lives        a daemon ends when it is told to, killed, or its host ends; never by itself
//	no-needless-reboot  a node reboots itself only when a resource cannot be stopped
//	commands-return     an operator's command comes back
//	converges           when all is calm both nodes say the truth about who owns what, and addresses are there
//	no-growth           descriptors, threads, goroutines and memory stay within bounds
//	clean-log           no panic and no secret in what the daemon writes
package chaos
