// Package lab makes two or three machines out of one, for tests and for the demonstration.
//
// A private host is a set of Linux namespaces (network, mount, host name, processes, IPC) with
// an init of its own, its own /etc, /var and /run, and this machine's programs. Cables are veth
// pairs into bridges of a switch namespace. Everything is inside one outer set of namespaces
// whose first process dies with the program that made it, so nothing outlives a test: not when it
// fails, not when it is killed.
//
//	outer set (user namespace unless root, mounts, processes)
//	├── the program that called Main: a test or the demonstration
//	├── switch     br0, br1: one bridge per link
//	├── node1      eth0 on br0, eth1 on br1; disk: /etc /usr /var
//	├── node2      the same
//	└── client     eth0 on br0
//
// The program must hand its work to [Main] first thing, because a Go program cannot enter a
// user namespace once it has threads: Main starts the program again inside the outer set.
//
// A power cut ([Host.PowerCut]) takes the cables away and kills the host's first process; the disk
// stays for the next [Host.Boot], /run and the addresses do not.
package lab
