// Package interop plays one description of a scenario on the four pairings of the genuine C daemon
// 3.0.6 and heartbeatd, on private hosts with real sockets and recording resource scripts, and
// compares what happened. C+C is the judge: what differs from it is a fault unless the scenario,
// or a rule of the package, names the entry of docs/differences.md that explains it.
//
// A scenario is a file of testdata/interop: `#` begins a comment, one command a line. Hosts are
// node1 and node2; their addresses on link L are 10.77.L.1 and 10.77.L.2.
//
// First the cluster, before any command:
//
//	links N                  cables between the nodes, 1 (given) to 4: eth0, eth1, ...
//	cf DIRECTIVE...          a line of ha.cf; it replaces the given lines of that directive
//	keys LINE                a line of authkeys; the first one replaces the given file
//	group HOME RESOURCE...   a line of haresources
//
// Given are: logfile /var/log/ha-log, keepalive 500ms, warntime 2500ms, deadtime 4, initdead 6,
// udpport 694, bcast eth0, auto_failback off, node node1 node2. A resource is WORD or WORD::ARGUMENT...;
// a word with small letters only is a recording script, whose arguments have no `/`; an IP address is
// the software's own.
//
// Then what happens:
//
//	start NODE...            the daemon is started as the init script does, on all of them at once
//	stop NODE                heartbeat -k, which returns when it is gone; stop NODE &: not waited for
//	kill NODE                kill -9 of the daemon, all its processes; its resources run on
//	killmaster NODE          kill -9 of its first process only
//	freeze NODE, thaw NODE   SIGSTOP and SIGCONT to all its processes
//	crash NODE               the power cord; boot NODE puts it back in, and starts nothing
//	cut NODE [LINK...]       cables out; mend NODE [LINK...]: in again. LINK is 0 for eth0, 1 for eth1,
//	                         ...; no LINK: all of them
//	deafen NODE FROM         NODE hears nothing of FROM any more; hear NODE FROM: again
//	loss NODE PERCENT        of the datagrams that arrive at NODE, at random; 0 ends it
//	standby NODE [WHICH]     hb_standby; takeover NODE [WHICH]: hb_takeover
//	script NODE WORD HOW     from now on, HOW: start-fails stop-fails start-hangs stop-hangs normal
//	generation NODE N|+N|-N  writes, or changes, hb_generation; the daemon must be down
//	authkeys NODE LINE; ...  writes authkeys, lines parted by `;`; reload NODE: heartbeat -r
//	config NODE DIRECTIVE... replaces lines of NODE's ha.cf, which a start reads
//	software NODE C|H|other  changes the node's software, the daemon must be down: other is what it has not
//	run NODE COMMAND...      a shell command, whose output and exit code are compared
//	wait D                   time passes
//	settle [D]               waits, for D (60s) at most, until nothing moves any more, then takes stock
//
// A `settle` ends a segment; what happened in it is compared as one: owners, calls, log, outage. The
// lines after a settle may allow for differences in the segment it ended:
//
//	differs N WHAT...        entry N of docs/differences.md explains it; WHAT is one or more of
//	                         owner:RESOURCE state:NODE calls:NODE log:NODE gap:RESOURCE overlap:RESOURCE
//	                         output; a part after the colon may be * for all. complaint:NODE is a line
//	                         of a C node that would worry its operator, which log:NODE does not allow;
//	                         env:NODE is the environment of scripts, in the whole scenario
//
// A `differs` that no pairing needs is a fault too.
package interop
