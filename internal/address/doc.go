// Package address holds the service addresses of haresources: it finds the interface, adds the
// address, tells whether it is there, removes it, and makes the neighbours learn who has it now.
// It speaks to the kernel only (rtnetlink and packet sockets) and runs no other program.
//
// A word of haresources becomes a [Spec] by pure parsing (word.go). [Resolve] says where it would
// go, [Start], [Stop] and [Status] act, [Announce] sends one round of gratuitous ARP or neighbour
// advertisements, and [RunAnnouncer] is the life of the background process that repeats them.
package address
