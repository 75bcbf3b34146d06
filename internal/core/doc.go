// Package core decides. It is a deterministic state machine: [Core.Step] takes an [Event] and the
// [Stamp] of the moment, and returns the [Action]s to carry out, in order. It owns the liveness of
// nodes and links, the numbering of messages, the resource groups, standby, takeover and shutdown.
// It has no clock, socket, file, goroutine or randomness, so that the daemon, the simulator and
// the scripts in testdata/scenarios run the very same code.
//
// Where to look:
//
//	core.go        Step, timers, sending
//	beat.go        status messages: sending them, and what a peer's status means
//	deadtime.go    who is silent for too long; links up and dead
//	reliable.go    acknowledgements, retransmission
//	report.go      what a heartbeatd says of itself in each message
//	membership.go  reqnodes and repnodes: when communication is up
//	claim.go       the resource message: who says they hold what
//	join.go        starting, and how two nodes agree on who takes what
//	group.go       one group: probing, starting, stopping its resources
//	script.go      running its scripts one at a time, and judging them
//	ownership.go   which node should own which group
//	clash.go       both claim the same group
//	standby.go     asking for and refusing a standby or takeover
//	dialogue.go    the me/other/done dialogue of a standby
//	legacy.go      auto_failback legacy towards a C node: ip-request
//	shutdown.go    releasing everything and saying goodbye
//	pingnode.go    hosts that are only asked whether they are there
//	view.go        what an operator may see of all this
package core
