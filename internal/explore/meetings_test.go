package explore

import "time"

// unmet are the pairs that the search and the scenarios do not come to. What must not happen while web stands in a
// state is the point: no word that denies what runs (the bench judges that), no start of what may run there, no stop
// for a move that nobody takes up.
var unmet = []meeting{
	// Nothing is decided before it is known what runs here.
	{"group probing", "peer dies", "node beta: is dead | !run web start | !send resource", endAll, "run web start | run db start | send resource"},
	{"group probing", "peer returns", "returning after partition | !run web start | !send resource", endAll, "!run web start"},
	{"group probing", "peer restarts", "Heartbeat restart on node beta | !run | !send resource", endAll, "!run web start"},
	{"group probing", "peer says goodbye", "shutdown notice from 'beta' | !run web start | !send resource", endAll, "!run web start"},
	{"group probing", "peer says me", "local resources in flux | !send", nil, ""},
	{"group probing", "peer says other", "!run | !send", endAll, "!run web start"},
	{"group probing", "peer asks to take over", "local resources in flux | !send", nil, ""},
	{"group probing", "standby command", "local resources in flux | !send", nil, ""},
	{"group probing", "takeover command", "send hb_takeover  all | !run", nil, ""},
	{"group probing", "stop command", "Giving up all | !send shutdone | !exit", endAll, "send shutdone | !run web start"},

	{"group found", "peer could not start it", "!run | !send resource", endAll, "run web status | !run web stop"},
	{"group found", "peer returns", "returning after partition | !run web | !send resource", nil, ""},
	{"group found", "peer restarts", "Heartbeat restart on node beta | !run", endAll, "!run web"},
	{"group found", "peer says goodbye", "shutdown notice from 'beta' | !run web", endAll, "run web status | run db start | !run web start"},
	{"group found", "peer is stopping", "!run", endAll, "!run web start | !run web stop"},
	{"group found", "peer says me", "local resources in flux | !send | !run", nil, ""},
	{"group found", "peer says other", "!send | !run", nil, ""},
	{"group found", "peer says done", "!send | !run", nil, ""},
	{"group found", "peer asks to take over", "local resources in flux | !send | !run", nil, ""},
	{"group found", "standby command", "local resources in flux | !send | !run", nil, ""},
	{"group found", "takeover command", "send hb_takeover  all | !run", nil, ""},
	{"group found", "stop command", "!send shutdone | !exit", endAll, "run web stop | send shutdone"},

	{"group starting", "peer says me", "send ask_resources other all | !run web stop", endAll, "run web start"},
	{"group starting", "peer says other", "!send | !run", endAll, "run web start | !run web stop"},
	{"group starting", "standby command", "send ask_resources me all | !run web stop", endAll, "run web start"},
	{"group starting", "peer asks to take over", "send ask_resources me all | !run web stop", endAll, "run web start"},
	{"group starting", "takeover command", "send hb_takeover  all | !run web stop", endAll, "run web start"},
	{"group stopping", "its script is killed", "Retrying failed stop | !send resource | !run", func(b *bench) { b.advance(1100 * time.Millisecond); endAll(b) }, "run web stop | send ask_resources done all"},
	{"group stopping", "peer returns", "returning after partition | !run web start", nil, ""},
	{"group stopping", "peer says me", "Standby in progress | !run web start", nil, ""},
	{"group stopping", "peer says other", "!send | !run", endAll, "send ask_resources done all"},
	{"group stopping", "peer asks to take over", "Standby in progress | !send", nil, ""},
	{"group stopping", "takeover command", "send hb_takeover  all | !run", nil, ""},

	// It may still run here: it is claimed whatever comes, and never started, nor is a goodbye said.
	{"group stop-failed", "a script of another group ends", "run db status | !run web", nil, ""},
	{"group stop-failed", "peer claims it", "!run", nil, ""},
	{"group stop-failed", "peer could not start it", "!run web start", nil, ""},
	{"group stop-failed", "peer returns", "returning after partition | send resource | !run web start", nil, ""},
	{"group stop-failed", "peer says goodbye", "run db status | !run web start", nil, ""},
	{"group stop-failed", "peer is stopping", "!run web start", nil, ""},
	{"group stop-failed", "peer says me", "send ask_resources other all | !run web start", nil, ""},
	{"group stop-failed", "peer says other", "!send | !run", nil, ""},
	{"group stop-failed", "peer says done", "!send | !run", nil, ""},
	{"group stop-failed", "peer asks to take over", "send ask_resources me all | !run", nil, ""},
	{"group stop-failed", "standby command", "send ask_resources me all | !run", nil, ""},
	{"group stop-failed", "takeover command", "send hb_takeover  all | !run", nil, ""},
	{"group stop-failed", "stop command", "!send shutdone | !exit", func(b *bench) { b.advance(61 * time.Second); endAll(b) }, "run web stop | send shutdone"},

	// The request is not agreed to: web runs on.
	{"standby asked", "peer says goodbye", "Cancelling pending standby | run db status | !run web stop", nil, ""},
	{"standby asked", "peer is stopping", "beta is stopping | !run web stop", nil, ""},
	{"standby asked", "peer is starting", "send resource | !run web stop", nil, ""},
	{"standby asked", "peer asks to take over", "Standby in progress | !send | !run", nil, ""},
	{"standby asked", "standby command", "Standby in progress | !send | !run", nil, ""},
	{"standby asked", "takeover command", "send hb_takeover  all | !run", nil, ""},
	{"standby asked", "stop command", "Cancelling pending standby | run web stop | !send shutdone", endAll, "send shutdone"},

	{"standby releasing", "peer says goodbye", "Cancelling pending standby | !run web start", endAll, "run web start | run db start"},
	{"standby releasing", "peer is starting", "send resource | !run web start", endAll, "send ask_resources done all"},
	{"standby releasing", "peer says me", "Standby in progress | Cancelling pending standby | !run web start", endAll, "run web start"}, // it has forgotten ours
	{"standby releasing", "peer says other", "!send | !run", endAll, "send ask_resources done all"},
	{"standby releasing", "peer says done", "!send | !run", endAll, "send ask_resources done all"},
	{"standby releasing", "peer asks to take over", "Standby in progress | !send", endAll, "send ask_resources done all"},
	{"standby releasing", "takeover command", "send hb_takeover  all | !run", endAll, "send ask_resources done all"},

	// Web is stopped and beta is starting it: only beta's end or its word calls it back.
	{"standby waiting", "peer says goodbye", "Cancelling pending standby | run web status", endAll, "run web start | run db start"},
	{"standby waiting", "peer is starting", "send resource | !run", nil, ""},
	{"standby waiting", "peer says me", "Standby in progress | !send ask_resources", nil, ""},
	{"standby waiting", "peer says other", "!send | !run", nil, ""},
	{"standby waiting", "standby command", "Standby in progress | !send | !run", nil, ""},
	{"standby waiting", "peer asks to take over", "Standby in progress | !send | !run", nil, ""},
	{"standby waiting", "takeover command", "send hb_takeover  all | !run", nil, ""},
	{"standby waiting", "stop command", "send shutdone | !run", nil, ""},

	// Beta is stopping db: it is not taken before beta says so.
	{"standby offered", "peer says goodbye", "Cancelling pending standby | run db status", nil, ""},
	{"standby offered", "peer is stopping", "Cancelling pending standby | !run db", nil, ""},
	{"standby offered", "peer is starting", "send resource | !run", nil, ""},
	{"standby offered", "peer says me", "send ask_resources other all | !run", nil, ""},
	{"standby offered", "peer says other", "!send | !run", nil, ""},
	{"standby offered", "peer asks to take over", "Standby in progress | !send | !run", nil, ""},
	{"standby offered", "standby command", "Standby in progress | !send | !run", nil, ""},
	{"standby offered", "takeover command", "send hb_takeover  all | !run", nil, ""},

	// Beta has stopped db: it is started here, whatever comes.
	{"standby taking", "peer dies", "Cancelling pending standby | !run db stop", endAll, "run db start"},
	{"standby taking", "peer returns", "returning after partition | !run", endAll, "run db start | send ask_resources done all | !run db stop"},
	{"standby taking", "peer says goodbye", "Cancelling pending standby | !run db stop", endAll, "run db start"},
	{"standby taking", "peer is stopping", "beta is stopping | !run db stop", endAll, ""},
	{"standby taking", "peer is starting", "send resource | !run db stop", endAll, "run db start | send ask_resources done all"},
	{"standby taking", "peer says me", "Standby in progress | !send ask_resources", endAll, "run db start"},
	{"standby taking", "peer says other", "!send | !run", endAll, "run db start | send ask_resources done all"},
	{"standby taking", "peer asks to take over", "Standby in progress | !send | !run", endAll, "run db start | send ask_resources done all"},
	{"standby taking", "standby command", "Standby in progress | !send | !run", endAll, "run db start | send ask_resources done all"},
	{"standby taking", "takeover command", "send hb_takeover  all | !run", endAll, "run db start | send ask_resources done all"},
}
