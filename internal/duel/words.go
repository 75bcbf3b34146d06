package duel

// documentHead is the begin of docs/performance.md.
const documentHead = `# How fast, beside Heartbeat 3.0.6 and keepalived

This file is written by ` + "`make duel`" + `, which measures all three side by side in private hosts: the same run, the same two
processors, the same files, the softwares in turn (A B A B), so that what disturbs one disturbs the other. Figures of
one run may be compared with each other, hardly with those of another machine.

How to read it:

- Times are the kernel's. A frame is stamped when it leaves its host, a script when its process becomes the script and
  when it ends (perf events). The client is a third host that pings the service address every millisecond by its own ARP table.
- *Without scripts* are the rows whose target says "+ scripts": from each of their times is taken off what resource
  scripts ran in it, on either node (for ` + "`heartbeat -k`" + ` on the node itself), overlaps once. The column *with scripts* is the
  median of the whole. 3.0.6's ` + "`IPaddr2`" + ` is a long shell script; ours, as long as it is as
  shipped, the daemon does itself, and that is counted as the daemon's own time. The programs of 3.0.6 that are not resource scripts, such as ` + "`ResourceManager`" + `, are its own time.
- *of* is the number of runs, or of beats. *holds* judges heartbeatd: by the median for moves (how many of all were within the
  target alone is said too), by the maximum for everything else, and for beats by what the target says. Then the runs before.
- The lateness of a beat is what it is behind an ideal rhythm, fitted to 200 beats at a time in the daemon's favour: its period is
  what it shows, its begin is that of its earliest 5 %. A beat that did not come at all is as late as the next one.
- The machine's own hold-ups are counted by a thread that sleeps 20 ms at a time. Where there are some, maxima say little.
- *Without the time in which a processor stood still*: on each processor a program with a real-time priority above all daemons does nothing
  but sleep a quarter of a millisecond at a time. When it comes late by as much again nothing could run there, and what of a beat's
  lateness falls into such a time is taken off. It does so for all softwares alike.
`

var stageTitles = map[string]string{
	"moves":   "Moves of a service",
	"vrrp":    "Beside keepalived",
	"idle":    "At rest",
	"flood":   "Under a flood",
	"late":    "Beats under load",
	"million": "A million beats",
}

var stageNotes = map[string]string{
	"moves": "keepalive 200 ms, deadtime 2 s, one medium; one address by `IPaddr2` and one script that does nothing but say that it was\n" +
		"called. *Beyond deadtime* is counted from the last beat that was on the wire.\n",
	"vrrp": "Every process of the owner is killed; its address stays where it is. keepalived: VRRP version 3, priorities 254 and 253, by which it\n" +
		"waits little more than its three intervals, which is all that VRRP has. heartbeatd: keepalive the same interval, deadtime two and a half\n" +
		"of them, by which one beat may be lost and the next be late; and, beside it, three. The kill is half an interval after a beat. The time is\n" +
		"from that beat to the first answer of the peer.\n",
	"idle": "keepalive 100 ms, three media (`bcast` on three devices), deadtime 2 s; both pairs at the same time. The memory is read when the\n" +
		"other node has been stopped, because what two nodes on one machine share would be halved.\n",
	"flood": "keepalive 200 ms, deadtime 2 s. What is sent is a beat of the other node in which one digit was changed after it was signed.\n",
	"late":  "keepalive 50 ms, deadtime 2 s, one medium, both nodes; six processes that do nothing but calculate.\n",
	"million": "Pairs of heartbeatd with keepalive 10 ms and deadtime 50 ms, beside four processes that calculate, one that takes and returns\n" +
		"256 MiB of memory all the time, one that writes to the disk and waits for it, and one that starts programs as fast as it can.\n",
}
