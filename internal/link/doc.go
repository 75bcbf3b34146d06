// Package link carries datagrams: one broadcast, unicast or multicast medium, or serial line, each with its own
// sockets, its own troubles and its own log lines. It knows nothing of what is in a datagram, but for the marks
// around a message on a serial line.
//
// A [Set] is the whole seam between beats and decisions: Send puts bytes on every medium, Inbox
// yields what came in, stamped by the kernel. Neither waits for anything but the kernel's socket
// buffers, so this side can move into a process of its own without the deciding side noticing.
//
// Nothing here gives up: a medium that fails is tried again for ever, and the others never notice.
package link
