// Package duel measures Heartbeat 3.0.6, keepalived and heartbeatd side by side on private hosts and writes
// docs/performance.md. It is `lab duel`.
//
//	processes.go  the kernel tells of every process (perf events); spans.go finds the scripts in that
//	wiretap.go    the kernel stamps every frame that leaves a host
//	calls.go      the service script says that it is called; ping.go is the client
//	pair.go       two nodes of one software and a client; cluster.go their files, and what they use
//	move.go       one move of the service as all of these saw it; moves.go makes the moves
//	vrrp.go       keepalived and heartbeatd, killed
//	steady.go     what is measured while nothing moves: at rest, under hogs, under a flood (flood.go)
//	million.go    a million beats under hogs.go
//	grid.go       how late beats are behind an ideal rhythm; stats.go
//	rows.go       the rows and their targets; book.go what was measured; history.go keeps it; table.go and
//	              words.go write the document
//
// Nothing is judged by the clock of this program where the kernel's own time stamps can be had: on a busy machine
// a reader is late by milliseconds, which is more than some targets.
package duel
