// Package children keeps the programs of `respawn` and `failfast` running.
//
//	keeper.go    decides (pure): when each is started, restarted, given up, ended; what is logged
//	ending.go    how one ended, in 3.0.6's words
//	process.go   one process: started as another user, waited for, signalled with its group
//	account.go   the user it runs as
//
// The daemon carries a [Keeper]'s actions out and tells it what happened. Nothing here waits for a program: one
// that hangs, floods its output or cannot be started costs neither a beat nor a resource.
package children
