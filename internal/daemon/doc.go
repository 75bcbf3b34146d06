// Package daemon is the one loop around the core: datagrams, timers, ended scripts, operators
// and signals go in as events; what the core answers is carried out. It decides nothing.
//
//	daemon.go    putting the parts together, start and end
//	loop.go      what waits is turned into events
//	act.go       actions are carried out
//	identity.go  generation and uuid, kept over restarts
//	state.go     the answer to `heartbeatd status`
//	reload.go    SIGHUP: logs, keys, and whether the files have changed
//	replace.go   the daemon replaces itself: when, and what stands in the way
//	handover.go  what one image of it leaves to the next
//	exec.go      the moment itself
//	resume.go    the image that goes on, and its ways back; adopt.go: what runs on meanwhile
//	systemd.go   readiness
package daemon
