// Package scenario is a small world in virtual time around real cores: nodes with scripts and
// running resources, cables that can be cut, operators, power cuts. It plays the scripts of
// testdata/scenarios and carries the seeded simulation of internal/simulate. Nothing in it waits, and
// what is random comes from a seed.
//
// The commands of a script, one a line; [Play] says how the answers are written below them.
//
//	options NAME=VALUE...          keepalive deadtime warntime initdead hangreport links auto_failback ahead stonith pings deadping
//	group HOME RESOURCE...         a line of haresources; file NODE HOME RESOURCE...: on one node only
//	nodes NAME NAME                the machines, switched off
//	show WORD...                   what to print: log run status send send:TYPE
//	advance D                      time passes
//	boot NODE                      its daemon starts; stop: SIGTERM; kill: -9; crash: a power cut
//	restart NODE                   kill and boot, by its supervisor
//	edit NODE HOME RESOURCE... [; HOME RESOURCE...]  its haresources from now on, for the next daemon
//	replace NODE                   its daemon replaces itself as soon as it may, and goes on with the files of then
//	stall NODE [D], resume NODE    the daemon is held up; stall NODE D decider: its beats go on if `ahead=on`
//	pacer NODE on|off|stuck        what sends its beats if `ahead=on`: there, gone, sends nothing
//	standby NODE WHICH             hb_standby; takeover NODE WHICH: hb_takeover
//	script NODE WORD [OP] ...      how a script behaves: rc=N take=D hang lie normal
//	takes NODE START STOP STATUS   how long its scripts take
//	unhang NODE                    hanging scripts end; run NODE WORD: something else starts a resource
//	cut NODE [LINK...], mend       cables; deafen FROM TO, hear FROM TO: one direction only
//	loss PERCENT, double PERCENT   of all datagrams; delay FROM TYPE[/INFO] D: of some
//	late PERCENT D, slow D         some travel up to D longer and are overtaken; all travel D longer
//	replay NODE N                  somebody plays the newest N messages of a node again
//	dice N                         begins all that is random anew
//	clock NODE D                   the wall clock is set
//	disk NODE full|lost|empty|future|ok    of the generation: not writable, one or both copies gone, far ahead
//	key NODE [WORD]                another key; own NODE NAME=VALUE...: another ha.cf
//	stuck NODE                     a reboot does not happen there
//	device NODE works [D]|fails [N]|hangs|ends|lies|alien   what it resets others with if `stonith=on`
//	foreign NODE                   a third machine, of another cluster with the same key and port
//	silence NAME [NODE...]         a ping node of `pings=NAME,NAME` answers no more; answer NAME [NODE...]: it does again
//	calm [D]                       everything is mended, all daemons start, time passes
//	byhand NODE                    a C node, played by hand: beat NODE [STATUS], say NODE NAME=VALUE...
//	owners                         where everything really runs, and what ran twice
//	view NODE...                   what status would show
package scenario
