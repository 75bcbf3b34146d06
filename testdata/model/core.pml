/* One node: what internal/core does after an event, inline for function. Node 0 is the
 * group's home. The group has one resource; `standby` and `stop` are about this group.
 */

/* types of messages; WORD is `other` or `done`, of which two heartbeatds only read the report */
#define BEAT     1
#define STARTING 2
#define CLAIM    3
#define ME       4
#define WORD     5
#define SHUTDONE 6

#define NONE 0 /* no message, no dialogue, no number */

/* phases: core.go */
#define INIT     0
#define JOINING  1
#define STABLE   2
#define STOPPING 3
#define STOPPED  4

/* the state of the group: group.go; a script runs in PROBING, STARTING and ENDING */
#define PROBING  0
#define DOWN     1
#define FOUND    2
#define STARTUP  3
#define RUNNING  4
#define ENDING   5
#define STUCK    6

/* what the other node is held for: node.go */
#define UNHEARD  0
#define UP       1
#define ACTIVE   2
#define DEAD     3

/* the dialogue: standby.go */
#define ASKED     1
#define RELEASING 2
#define WAITING   3
#define OFFERED   4
#define TAKING    5
#define gives(p) (p == ASKED || p == RELEASING || p == WAITING)
#define takes(p) (p == OFFERED || p == TAKING)

typedef Node {
	bit up; bit stalled;
	unsigned phase : 3;
	unsigned gs    : 3;
	bit want; bit failed; bit yield; bit hung; bit failback;
	unsigned tn    : 4;      /* term.n, term.blind */
	bit tb;
	byte said;               /* the text of the last claim */
	unsigned lastClaim : 5;
	unsigned seq   : 5;
	unsigned pst   : 2;      /* the other node: status, and was it ever heard */
	bit heard;
	unsigned life  : 2;      /* which life of it the window knows: 0 none, 1 an earlier one, 2 this one */
	bit ck; bit ch; bit ctb; bit cst; bit cfail; bit cgone; bit cleave; /* its claim: known, holds, ... */
	unsigned ctn   : 4;
	unsigned cseq  : 5;
	unsigned rseq  : 5;      /* its report */
	unsigned rid   : 5;
	unsigned rph   : 3;
	unsigned rcl   : 5;
	unsigned deaf  : 2;      /* 1: it says that it holds us for dead; 2: for long enough */
	unsigned sph   : 3;      /* our dialogue */
	unsigned sid   : 5;
	unsigned since : 5;
	bit sure;
};

Node N[2];

/* The truth, which no node knows: where the group's resource runs, at least in part. */
bit runs[2];

hidden byte denied;   /* property 2: a claim says that something does not run which runs here */
hidden byte moved, ended;
hidden byte keep, byWord;
hidden byte k, z, theirs;

#define absent(i)   (N[i].pst == DEAD || N[i].cgone)
#define own(s)      (N[s].phase == INIT -> UP : ACTIVE)
#define outdated(i) (N[i].rcl > N[i].cseq)
#define ours(i)     ((N[i].gs == DOWN || N[i].gs == PROBING) && N[i].want || N[i].gs != DOWN && N[i].gs != PROBING && !(planted(forgetStop) && N[i].gs == ENDING))
#define peerHolds(i) (!absent(i) && N[i].ck && N[i].ch)
#define stable(i)   (N[i].phase == STABLE && N[i].sph <= ASKED)
#define claimText(i) (1 + stable(i) * 2 + N[i].failed * 4 + (ours(i) -> 8 + N[i].tb * 16 + N[i].tn * 32 : 0))
#define unfinished(i) (N[i].want -> N[i].gs != RUNNING : N[i].gs != DOWN)
#define moving(i)   (unfinished(i) && !N[i].hung)
#define wantsWord(i) ((N[i].phase == JOINING || N[i].phase == STABLE) && N[i].pst == ACTIVE && !N[i].cgone && \
	(!N[i].ck || outdated(i)))
#define refuses(i)  (N[i].sph != NONE || N[i].phase != STABLE || absent(i) || N[i].pst != ACTIVE || !N[i].ck || !N[i].cst)

inline setGroup(i, s) {
	N[i].gs = s; N[i].yield = 0; N[i].hung = 0; moved = 1
}

inline setStandby(i, p) {
	N[i].sph = p; moved = 1
}

inline endStandby(i) {
	N[i].sph = NONE; N[i].sid = 0; N[i].since = 0; N[i].sure = 0; moved = 1
}

inline cancelStandby(i) {
	if
	:: N[i].sph != NONE -> endStandby(i)
	:: else
	fi
}

inline release(i) {
	N[i].want = 0; N[i].failback = 0
}

inline acquire(i) {
	if
	:: !ours(i) -> assert(N[i].tn < 7); N[i].tn = N[i].tn + 1; N[i].tb = !N[i].heard
	:: else
	fi;
	N[i].want = 1; N[i].failed = 0; moved = 1
}

/* forget: node.go */
inline forget(i) {
	N[i].ck = 0; N[i].ch = 0; N[i].ctn = 0; N[i].ctb = 0; N[i].cst = 0; N[i].cfail = 0; N[i].cgone = 0;
	N[i].cleave = 0; N[i].cseq = 0;
	N[i].rseq = 0; N[i].rid = 0; N[i].rph = 0; N[i].rcl = 0; N[i].deaf = 0
}

/* clearNode is a daemon that does not run. */
inline clearNode(i) {
	N[i].up = 0; N[i].stalled = 0; N[i].phase = INIT; N[i].gs = PROBING;
	N[i].want = 0; N[i].failed = 0; N[i].yield = 0; N[i].hung = 0; N[i].failback = 0;
	N[i].tn = 0; N[i].tb = 0; N[i].said = 0; N[i].lastClaim = 0;
	N[i].pst = UNHEARD; N[i].heard = 0; N[i].life = 0;
	forget(i);
	endStandby(i)
}

/* commUp, startJoining */
inline commUp(i) {
	N[i].phase = JOINING; moved = 1;
	sayBeat = 1; sayStarting = 1; sayClaim = 1
}

/* checkJoined, adopt */
inline checkJoined(i) {
	if
	:: N[i].phase == JOINING && N[i].gs != PROBING && (absent(i) || N[i].ck && (!outdated(i) || planted(takeOutdated))) ->
		N[i].phase = STABLE; moved = 1;
		if
		:: N[i].gs == FOUND -> N[i].want = 1
		:: else
		fi
	:: else
	fi
}

inline yieldFound(i) {
	if
	:: N[i].phase < STABLE && N[i].pst == ACTIVE && N[i].deaf == 2 && N[i].gs == FOUND && !N[i].yield ->
		N[i].yield = 1; moved = 1
	:: else
	fi
}

/* giveTo: dialogue.go */
inline giveTo(i) {
	N[i].since = N[i].rseq;
	setStandby(i, RELEASING);
	release(i)
}

inline takeFromGiver(i) {
	setStandby(i, TAKING);
	if
	:: !peerHolds(i) -> acquire(i)
	:: else
	fi
}

/* standbyAgree follows the newest report. */
inline standbyAgree(i) {
	theirs = N[i].rph;
	if
	:: N[i].rid != N[i].sid || gives(N[i].sph) == gives(N[i].rph) -> theirs = NONE
	:: else
	fi;
	if
	:: N[i].sph == NONE || N[i].rseq <= N[i].since || planted(noReports) && !byWord
	:: else ->
		if
		:: N[i].sph == ASKED && theirs == OFFERED -> giveTo(i)
		:: N[i].sph == RELEASING && theirs == NONE -> cancelStandby(i)
		:: N[i].sph == WAITING && theirs == NONE && !outdated(i) -> cancelStandby(i) /* `given` or not: the claim says it */
		:: N[i].sph == OFFERED && theirs == NONE -> cancelStandby(i)
		:: N[i].sph == OFFERED && theirs == RELEASING && !N[i].sure -> N[i].sure = 1
		:: N[i].sph == OFFERED && theirs == RELEASING && N[i].sure && planted(takeBeforeDone) -> setStandby(i, TAKING); acquire(i)
		:: N[i].sph == OFFERED && theirs == WAITING && !outdated(i) -> takeFromGiver(i)
		:: else
		fi
	fi
}

/* clash: terms, or a node that does not hear us: clash.go */
inline settleClash(i) {
	if
	:: !ours(i) || !peerHolds(i) || N[i].sph > ASKED
	:: else ->
		if
		:: N[i].deaf != 0 ->
			if
			:: N[i].want && N[i].deaf == 2 -> release(i)
			:: else
			fi
		:: else ->
			if
			:: N[i].tb != N[i].ctb -> keep = N[i].ctb
			:: N[i].tb == N[i].ctb && N[i].tn != N[i].ctn -> keep = (N[i].tn < N[i].ctn)
			:: else -> keep = (i == 0)
			fi;
			if
			:: planted(noTerm) -> keep = 1
			:: else
			fi;
			if
			:: !keep -> release(i)
			:: else
			fi
		fi
	fi
}

inline takeUnowned(i) {
	if
	:: outdated(i) && !planted(takeOutdated) || N[i].cleave && !N[i].ch
	:: else ->
		if
		:: !N[i].want && !peerHolds(i) && !N[i].failed && (i == 0 || N[i].cfail) -> acquire(i)
		:: else
		fi
	fi
}

/* reconcile: ownership.go; what waits for a retry is an event of its own */
inline reconcile(i) {
	if
	:: N[i].phase != STABLE
	:: N[i].phase == STABLE && absent(i) ->
		if
		:: N[i].want -> N[i].failback = (i != 0)
		:: !N[i].want && !N[i].failed -> acquire(i); N[i].failback = (i != 0)
		:: else
		fi
	:: N[i].phase == STABLE && !absent(i) && N[i].pst == ACTIVE && N[i].ck ->
		settleClash(i);
		if
		:: N[i].sph == NONE -> takeUnowned(i)
		:: else
		fi
	:: else
	fi
}

/* runGroups: group.go. A start script may have effects from its first moment. */
inline runGroup(i) {
	if
	:: N[i].gs == DOWN && N[i].want && N[i].phase >= STABLE -> setGroup(i, STARTUP); runs[i] = 1
	:: N[i].gs == FOUND && (N[i].phase >= STABLE || N[i].yield) ->
		if
		:: N[i].want -> setGroup(i, STARTUP)
		:: else -> setGroup(i, ENDING)
		fi
	:: N[i].gs == RUNNING && !N[i].want -> setGroup(i, ENDING)
	:: else
	fi
}

inline standbyProgress(i) {
	if
	:: N[i].sph == RELEASING && !moving(i) ->
		sayClaim = 1; claimPhase = RELEASING; /* the truth first: it is released */
		setStandby(i, WAITING);
		sayWord = 1
	:: N[i].sph == TAKING && !moving(i) ->
		endStandby(i);
		sayClaim = 1; sayWord = 1
	:: else
	fi
}

/* shutdownProgress: shutdown.go */
inline shutdownProgress(i) {
	if
	:: N[i].phase == STOPPING && (N[i].gs == DOWN || planted(goodbyeTooSoon) && N[i].gs != PROBING) ->
		denied = runs[i];
		assert(!denied);
		sayClaim = 1; sayShutdone = 1;
		N[i].phase = STOPPED; moved = 1
	:: N[i].phase == STOPPED && !sayShutdone && (absent(i) || N[i].pst == UNHEARD) -> ended = 1
	:: else
	fi
}

/* settle: core.go. It goes on until nothing follows any more, and at last says what has changed. */
#define saying (sayBeat || sayStarting || sayClaim || sayMe || sayWord || sayShutdone)
#define unsaid(i) (N[i].phase >= JOINING && N[i].phase != STOPPED && N[i].gs != PROBING && claimText(i) != N[i].said)

inline settle(i) {
	do
	:: N[i].up && !ended && (saying || moved || unsaid(i)) ->
		if
		:: !saying && !moved -> sayClaim = 1
		:: else
		fi;
		if
		:: saying -> flush(i)
		:: !saying && N[i].phase == INIT && N[i].pst == DEAD -> commUp(i)
		:: else ->
			moved = 0;
			checkJoined(i);
			yieldFound(i);
			standbyAgree(i);
			reconcile(i);
			runGroup(i);
			standbyProgress(i);
			shutdownProgress(i)
		fi
	:: else -> break
	od
}
