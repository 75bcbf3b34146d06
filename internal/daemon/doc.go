// Package daemon is the one loop around the core: datagrams, timers, ended scripts, operators
// and signals go in as events; what the core answers is carried out. It decides nothing.
//
//	daemon.go    putting the parts together, start and end
//	loop.go      what waits is turned into events
//	act.go       actions are carried out
//	identity.go  generation and uuid, kept over restarts
//	state.go     the answer to `heartbeatd status`
//	reload.go    SIGHUP: logs and keys
//	systemd.go   readiness
package daemon
