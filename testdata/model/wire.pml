/* The numbers and the datagrams: internal/core/reliable.go, report.go, internal/seqtrack.
 *
 * D[i] is what is on its way from node i to the other one: one beat (a newer one replaces it, as if the
 * older had been lost) and up to ROOM other messages, which arrive in any order or, within the
 * budget LOSSES, never. When a message more is sent, the oldest is lost. A message that is asked
 * for and sent again is one that arrives late.
 *
 * Numbers grow without end, but the core only compares them. After each step the numbers in use
 * are replaced by their ranks (renumber), so that the model is finite and nothing is left out.
 */

typedef Msg {
	unsigned t    : 3;
	unsigned seq  : 5;
	bit old;            /* of an earlier life of the sender */
	unsigned rid  : 5;  /* the report: number and phase of the dialogue, newest claim, what the other is held for */
	unsigned rph  : 3;
	unsigned rcl  : 5;
	unsigned sees : 2;
	bit h;              /* the claim: holds it, with which term */
	unsigned tn   : 4;
	bit tb;
	unsigned st   : 2;  /* CLAIM: isstable; BEAT: the sender's status */
	bit fail;
	bit bye;            /* info=shutdown */
	bit reply;
};

typedef Dir {
	Msg q[K];
	unsigned n : 3;
	Msg b;
};

Dir D[2];
Msg m; /* the one that is being taken in */

inline copyMsg(to, from) {
	to.t = from.t; to.seq = from.seq; to.old = from.old;
	to.rid = from.rid; to.rph = from.rph; to.rcl = from.rcl; to.sees = from.sees;
	to.h = from.h; to.tn = from.tn; to.tb = from.tb; to.st = from.st;
	to.fail = from.fail; to.bye = from.bye; to.reply = from.reply
}

inline clearMsg(to) {
	to.t = NONE; to.seq = 0; to.old = 0;
	to.rid = 0; to.rph = 0; to.rcl = 0; to.sees = 0;
	to.h = 0; to.tn = 0; to.tb = 0; to.st = 0;
	to.fail = 0; to.bye = 0; to.reply = 0
}

/* compact takes the messages out of the queue of node s that became NONE. */
inline compact(s) {
	z = 0; k = 0;
	do
	:: k < D[s].n && D[s].q[k].t == NONE -> k++
	:: k < D[s].n && D[s].q[k].t != NONE ->
		if
		:: z < k -> copyMsg(D[s].q[z], D[s].q[k])
		:: else
		fi;
		z++; k++
	:: else -> break
	od;
	k = z;
	do
	:: k < D[s].n -> clearMsg(D[s].q[k]); k++
	:: else -> break
	od;
	D[s].n = z
}

/* drop: what is older than the number least, or of an earlier life, will not be taken in any more. */
inline drop(s, least) {
	k = 0;
	do
	:: k < D[s].n ->
		if
		:: D[s].q[k].seq < least || D[s].q[k].old && N[1 - (s)].life == 2 -> D[s].q[k].t = NONE
		:: else
		fi;
		k++
	:: else -> break
	od
}

/* age: all that is on its way is of an earlier life now, or of one before that. */
inline age(s) {
	k = 0;
	do
	:: k < D[s].n && D[s].q[k].old -> D[s].q[k].t = NONE; k++
	:: k < D[s].n && !D[s].q[k].old -> D[s].q[k].old = 1; k++
	:: else -> break
	od
}

/* What a step sends, in this order. */
hidden byte sayBeat, sayStarting, sayClaim, sayReply, sayMe, sayWord, sayShutdone;
hidden byte claimPhase; /* of the dialogue, in the report of the claim */

inline report(to, s) {
	to.rid = N[s].sid; to.rph = N[s].sph; to.rcl = N[s].lastClaim; to.sees = N[s].pst
}

inline makeBeat(to, s) {
	N[s].seq++;
	to.t = BEAT; to.seq = N[s].seq; to.st = own(s);
	report(to, s)
}

/* flush sends: a beat at once, then the first of the others that is to be said. */
inline flush(s) {
	if
	:: sayBeat && c_expr { LATE } && N[1 - (s)].up -> makeBeat(D[s].b, s)
	:: else
	fi;
	sayBeat = 0;
	if
	:: sayStarting -> sayStarting = 0; k = STARTING
	:: !sayStarting && sayClaim -> sayClaim = 0; k = CLAIM
	:: !sayStarting && !sayClaim && sayMe -> sayMe = 0; k = ME
	:: !sayStarting && !sayClaim && !sayMe && sayWord -> sayWord = 0; k = WORD
	:: !sayStarting && !sayClaim && !sayMe && !sayWord && sayShutdone -> sayShutdone = 0; k = SHUTDONE
	:: else -> k = NONE
	fi;
	if
	:: k == CLAIM && (N[s].phase < JOINING || N[s].gs == PROBING) -> k = NONE /* it would say less than what is held */
	:: k == CLAIM && N[s].phase >= JOINING && N[s].gs != PROBING ->
		N[s].said = claimText(s);
		N[s].lastClaim = N[s].seq + 1;
		denied = !ours(s) && runs[s];
		assert(!denied)
	:: else
	fi;
	if
	:: k != NONE -> N[s].seq++
	:: else
	fi;
	if
	:: k != NONE && N[1 - (s)].up -> push(s)
	:: else
	fi
}

/* push puts a message of type k into the queue. */
inline push(s) {
	m.t = k;
	if
	:: D[s].n >= c_expr { ROOM } -> D[s].q[0].t = NONE; compact(s)
	:: else
	fi;
	z = D[s].n;
	D[s].n = D[s].n + 1;
	D[s].q[z].t = m.t; D[s].q[z].seq = N[s].seq;
	if
	:: m.t == STARTING || m.t == SHUTDONE
	:: else ->
		report(D[s].q[z], s)
	fi;
	if
	:: m.t == CLAIM ->
		if :: claimPhase -> D[s].q[z].rph = claimPhase :: else fi;
		D[s].q[z].h = ours(s);
		D[s].q[z].tn = (ours(s) -> N[s].tn : 0);
		D[s].q[z].tb = (ours(s) -> N[s].tb : 0);
		D[s].q[z].st = stable(s);
		D[s].q[z].fail = N[s].failed;
		D[s].q[z].bye = (N[s].phase >= STOPPING);
		D[s].q[z].reply = sayReply;
		sayReply = 0; claimPhase = 0
	:: else
	fi;
	m.t = NONE
}

/* news says whether another beat of node s would tell the other one anything. A beat that tells
 * nothing changes nothing, and would only hide that the model has come to rest. */
#define knows(r, s) (N[r].life == 2 && N[r].pst == own(s) && N[r].rid == N[s].sid && N[r].rph == N[s].sph && \
	N[r].rcl == N[s].lastClaim && (N[s].pst == DEAD) == (N[r].deaf != 0) && \
	(N[r].sph == NONE || N[r].rseq > N[r].since))
#define onWay(r, s) (D[s].b.t == BEAT && D[s].b.st == own(s) && D[s].b.rid == N[s].sid && D[s].b.rph == N[s].sph && \
	D[s].b.rcl == N[s].lastClaim && (D[s].b.sees == DEAD) == (N[s].pst == DEAD) && D[s].b.seq > N[r].since)
#define news(r, s) (N[r].up && !knows(r, s) && !onWay(r, s))

/* Numbers of node s are used in N[s] (seq, lastClaim, sid where it gives), in the other node's memory
 * of it (cseq, rseq, rcl, since) and in messages. A dialogue has its giver's number. */
hidden byte used[32];
hidden byte rank[32];

inline markMsg(msg, space, by) {
	if
	:: space == by -> used[msg.seq] = 1; used[msg.rcl] = 1
	:: else
	fi;
	if
	:: (space == by -> gives(msg.rph) : takes(msg.rph)) -> used[msg.rid] = 1
	:: else
	fi
}

inline rankMsg(msg, space, by) {
	if
	:: space == by -> msg.seq = rank[msg.seq]; msg.rcl = rank[msg.rcl]
	:: else
	fi;
	if
	:: (space == by -> gives(msg.rph) : takes(msg.rph)) -> msg.rid = rank[msg.rid]
	:: else
	fi
}

/* idle forgets numbers that nothing can be compared with any more. */
inline idle(r) {
	if
	:: N[r].sph == NONE -> N[r].since = 0; N[r].sid = 0; N[r].sure = 0
	:: else
	fi;
	if
	:: N[r].rph == NONE -> N[r].rid = 0
	:: else
	fi;
	if
	:: N[r].sph == NONE && D[1 - r].n == 0 && D[1 - r].b.t == NONE -> N[r].rseq = 0
	:: else
	fi;
	if
	:: !N[r].ch -> N[r].ctn = 0; N[r].ctb = 0
	:: else
	fi
}

inline renumber(s) {
	k = 0;
	do
	:: k < 32 -> used[k] = 0; k++
	:: else -> break
	od;
	used[N[s].lastClaim] = 1;
	used[N[1 - (s)].cseq] = 1; used[N[1 - (s)].rseq] = 1; used[N[1 - (s)].rcl] = 1; used[N[1 - (s)].since] = 1;
	if :: gives(N[s].sph) -> used[N[s].sid] = 1 :: else fi;
	if :: takes(N[1 - (s)].sph) -> used[N[1 - (s)].sid] = 1 :: else fi;
	if :: takes(N[s].rph) -> used[N[s].rid] = 1 :: else fi;
	if :: gives(N[1 - (s)].rph) -> used[N[1 - (s)].rid] = 1 :: else fi;
	z = 0;
	do
	:: z < D[s].n -> markMsg(D[s].q[z], s, s); z++
	:: else -> break
	od;
	z = 0;
	do
	:: z < D[1 - (s)].n -> markMsg(D[1 - (s)].q[z], s, 1 - (s)); z++
	:: else -> break
	od;
	markMsg(D[s].b, s, s);
	markMsg(D[1 - (s)].b, s, 1 - (s));

	rank[0] = 0; z = 0; k = 1;
	do
	:: k < 32 ->
		if :: used[k] -> z++; rank[k] = z :: else fi;
		k++
	:: else -> break
	od;
	assert(z < 26);
	N[s].seq = z;
	N[s].lastClaim = rank[N[s].lastClaim];
	N[1 - (s)].cseq = rank[N[1 - (s)].cseq]; N[1 - (s)].rseq = rank[N[1 - (s)].rseq];
	N[1 - (s)].rcl = rank[N[1 - (s)].rcl]; N[1 - (s)].since = rank[N[1 - (s)].since];
	if :: gives(N[s].sph) -> N[s].sid = rank[N[s].sid] :: else fi;
	if :: takes(N[1 - (s)].sph) -> N[1 - (s)].sid = rank[N[1 - (s)].sid] :: else fi;
	if :: takes(N[s].rph) -> N[s].rid = rank[N[s].rid] :: else fi;
	if :: gives(N[1 - (s)].rph) -> N[1 - (s)].rid = rank[N[1 - (s)].rid] :: else fi;
	z = 0;
	do
	:: z < D[s].n -> rankMsg(D[s].q[z], s, s); z++
	:: else -> break
	od;
	z = 0;
	do
	:: z < D[1 - (s)].n -> rankMsg(D[1 - (s)].q[z], s, 1 - (s)); z++
	:: else -> break
	od;
	rankMsg(D[s].b, s, s);
	rankMsg(D[1 - (s)].b, s, 1 - (s))
}
