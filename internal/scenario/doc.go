// Package scenario is a small world in virtual time around real cores: nodes with scripts and
// running resources, cables that can be cut, operators, power cuts. It plays the scripts of
// testdata/scenarios and carries the seeded simulation. Nothing in it waits, and what is random
// comes from a seed.
//
// The commands of a script, one a line; [Play] says how the answers are written below them.
//
//	options NAME=VALUE...          keepalive deadtime warntime initdead hangreport links auto_failback
//	group HOME RESOURCE...         a line of haresources; file NODE HOME RESOURCE...: on one node only
//	nodes NAME NAME                the machines, switched off
//	show WORD...                   what to print: log run status send send:TYPE
//	advance D                      time passes
//	boot NODE                      its daemon starts; stop: SIGTERM; kill: -9; crash: a power cut
//	stall NODE, resume NODE        the daemon is held up
//	standby NODE WHICH             hb_standby; takeover NODE WHICH: hb_takeover
//	script NODE WORD [OP] ...      how a script behaves: rc=N take=D hang lie normal
//	unhang NODE                    hanging scripts end; run NODE WORD: something else starts a resource
//	cut NODE [LINK...], mend       cables; deafen FROM TO, hear FROM TO: one direction only
//	loss PERCENT                   of all datagrams; delay FROM TYPE[/INFO] D: of some
//	clock NODE D                   the wall clock is set
//	byhand NODE                    a C node, played by hand: beat NODE [STATUS], say NODE NAME=VALUE...
//	owners                         where everything really runs, and what ran twice
//	view NODE...                   what status would show
package scenario
