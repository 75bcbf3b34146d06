// Package pacer sends beats at their moments, whatever else the machine and this program do.
//
// The decider (the daemon's loop) signs the next few beats ahead of time and puts them, each with
// its moment, into a ring in shared memory. A second process, the pacer, does nothing but wait for the
// next moment and send what lies there on the sockets it was given. It knows no key and no protocol,
// allocates nothing, and renews nothing: when the decider hangs or dies, the ring runs dry.
//
// [Pacer] is the decider's side. Its rule: a beat that was offered goes out at its moment unless it was
// revoked, and [Pacer.Revoke] says exactly how many went out; afterwards nothing more does. That needs no
// answer from the other process, so it holds when that one hangs, was stopped or is dead.
//
// Measured on two busy virtual processors, where a C program that only sleeps at SCHED_FIFO 50 was as late as the pacer
// (p50 30 µs, p99 0.1 ms, and now and then 5 to 200 ms when the machine itself stood still):
//
//	wait of the loop             the runtime's watching thread    idle, 100 ms    100 beats/s, six hogs
//	raw ppoll (this one)         slack 1 s                        0.5 to 0.7      4.4 CPU s per 1000 s
//	raw ppoll                    left alone: wakes every 10 ms    2.6             5.8
//	ppoll as Go calls it         slack 1 s                        0.6             4.9
//	ppoll as Go calls it         left alone                       1.1 to 1.6      11 to 14
//
// In lateness no difference between them could be shown. The raw one is taken because it cannot meet the
// runtime's locks or its preemption at all, whoever holds them under load; sender_test.go keeps it so. Memory: 2.1 MB
// proportional, 0.9 MB of it its own.
//
// [Entry] must be the first thing in main of every program that uses a Pacer: the pacer is the same
// program, called with one hidden word.
package pacer
