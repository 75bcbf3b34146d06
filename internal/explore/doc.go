// Package explore searches, exhaustively within a small scope, what two nodes can come to: the real
// [heartbeatd/internal/core.Core] twice, one link, one or two groups, and every order of what can
// happen to them. It does not draw lots: it tries each choice in each state, once.
//
// A state is the pair with everything that can still bear on it: both cores, the messages on the
// way, the scripts at work, what really runs on each machine, what is cut, stalled or broken, and
// how many faults are left. Two states that differ only in the time of day, in the numbers of the
// messages or in ages that nothing depends on any more are one ([core.Core.Print]), so that a pair at
// rest comes back to a state that is known, and the search ends. It goes depth first and keeps
// one 64-bit hash a state; with ten million states the chance that two different ones had the same
// anywhere is three in a million. Where the budgets are spent and nothing is broken, what the two nodes do within one
// moment is tried in fewer orders; reduce.go says which, and why nothing is lost by that ([TestFewerOrders] holds it against
// the search of all orders).
//
// # What the figures mean
//
//	states       different states reached
//	transitions  choices tried: each ends in a new state or in a known one (of orders that come to the same, one)
//	depth        the longest way without a repetition, in choices
//	calmed       quiet states from which the pair was run on alone, to see it come right. Every other state comes to one of them by
//	             what mends it: the cable, the boots, the messages and the scripts are choices of the search (calm.go)
//	cpu          processor time
//	closed       every choice of every state was tried: within its budgets the search is complete.
//	             Otherwise the line says CUT SHORT and by what, and how many of the last 100,000 choices led to
//	             new states: nothing is left out silently
//
// The scopes of the list vast are not known to close; they are searched if they are named.
//
// # What is tried
//
// Each scope (scope.go) has a budget a run: how many crashes (power cut, or the daemon killed while
// its resources go on), partitions (both ways or one), stalls, operator's commands, lost and doubled
// messages, failing and hanging scripts there are. All of it may happen at any moment, a machine may
// be switched on (again) at any moment, a script may end at any moment.
//
// Time goes on in steps: from one timer that is due to the next. Messages are delivered, and scripts
// end, within a step, in any order among the three oldest messages on the way; what is to take
// longer pays for each step from the budgets delay and slow. So a scope with delay 2 holds every
// run in which messages are late by up to two steps in all. A message that is older than one
// keepalive must be delivered: that is what the network is supposed to promise, beside what it loses.
//
// In scopes with a budget replace a daemon may go on as another one at any moment at which its core has nothing against it
// (replace.go): with the same haresources, or with the other one of the scope, on one node first and on the other later or never. When
// all is mended both have the same. Its state goes through JSON.
//
// # What is left out
//
//   - More than two groups, and groups of more than one resource: a start that fails half-way through a group, and the order
//     of starts and stops, are the core tests' and the simulator's.
//   - More than one link, a third machine, and a C node as the peer; so auto_failback legacy too, which two heartbeatd
//     nodes do not need.
//   - A message that is missing while more than 500 newer ones arrive: a node then gives it up.
//   - A stall longer than deadtime + 2 s.
//   - Messages that are later than one keepalive and yet arrive, and more than three in any order.
//   - Clock steps (the core has no clock), and haresources that differ for another reason than a reload.
//   - When acknowledgements fall due: states that differ only in that count as one. One that arrives at a node that is not
//     stopping bears on nothing, and is left out.
//   - Beats that are sent ahead of time: here each core sends its own.
//
// # What is checked
//
// In every state: a resource runs on both machines only after one node had rightly declared the
// other dead (silent, to it, for its whole deadtime) while that still ran, and until they have
// agreed again; nobody is declared dead too early, and no living node without a crash, a partition
// or a stall; no claim, status or goodbye denies what runs. While a cable carries one way only, two owners are
// excused no longer than until the node that is not heard has learnt of it and been patient (deaf.go). A node that hears
// nobody has everything, and is settled, soon after it could know (idle.go). An operator's command on a settled pair moves
// what it names (idle.go). A replacement changes nothing that is in the same line of both files, neither here nor for the
// other node, and a reload alone starts and stops nothing else (replace.go); two owners of what has another group in the other
// file are excused from when a daemon has begun while the files differed, for docs/guarantees.md does not promise that. From every state: once the faults are over, the pair comes to one owner of each group, and both know which (calm.go; the
// flag --calm 16 looks at one quiet state in 16 only).
//
// Which events met which states of the groups and of the standby dialogue is kept, and held
// against the table in testdata/pairs.txt, which names for each pair who comes to it, or why nobody can: the search, a script of
// testdata/scenarios, or TestMeetings, which brings a core there and says what must follow.
package explore
