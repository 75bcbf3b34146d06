/* Two heartbeatd nodes, one resource group, and what can befall them. internal/model runs it.
 *
 * The model follows internal/core function by function (core.pml names the files). One event and all
 * that follows from it is one step, as in Core.Step. What is different:
 *
 * Time has no length. A deadline may pass at any moment while its cause lasts: a node is declared dead
 * only while it is off, stalled or not heard; a standby request may time out although its answer is
 * on the way; nothing is on its way any more from a node that has been silent for a deadtime.
 * After the end of all faults (calm) the opposite holds: timers wait until nothing else can happen.
 * The hour after which a standby gives up (standbyStep) never passes, so that nothing leans on it.
 * Two heartbeatds only (no C node), one group with one resource, haresources the same on both.
 * reqnodes and repnodes are one step. `hb_takeover` is the other node's standby. Nobody tampers.
 *
 * Properties. 1, 2 are checked after every step; 3, 4, 5 are formulas at the end of this file.
 * 1  two:     never do two nodes run the group, unless one was held for dead that was not (a partition or
 *             stall for longer than deadtime, or only its daemon was killed) and they have not agreed since
 * 2  denied:  no claim and no goodbye of a node denies what runs on it
 * 3  owner:   when faults end, one node comes to run the group, and only one
 * 4  talk:    when faults end, so does every standby
 * 5  stop:    when faults end, every stop does
 */

/* What a configuration allows comes in as environment variables, so that one verifier runs them all:
 *
 * CRASHES   power cuts                            STANDBYS  operators' hb_standby
 * KILLS     daemon dies, resource runs on         STOPS     operators' stop
 * CUTS      one direction or both are cut         FAILS     start or stop scripts that fail
 * STALLS    daemon stands still                   HANGS     scripts that are held for hanging, and end later
 * LOSSES    messages that never come, besides beats and what ROOM pushes out
 * ROOM      messages on their way in each direction, 1 to 3 (2); the oldest goes when there are more
 * LATE      1: beats take their time too; otherwise each says what is true at its arrival
 * BEATS     1: (with LATE=0) the beats of a daemon that stands still go on, and say what it said last: they are sent by a
 *           process of their own, which goes on for half a deadtime. For how long is open here, as all times are
 * COLD      1: begins with both nodes off; otherwise both are up and node 0 runs the group
 * FAILBACK  1: auto_failback on
 * QUICK     1: a daemon may be up again while words of its last life are on their way; otherwise only if
 *           the other node is stalled and has yet to read them, for a start takes longer than a datagram
 * ENDS      1: faults end at some moment (calm), for the properties 3 to 5
 * PLANT     a fault planted in the model, to show that it can fail: see below
 */
c_decl {
	static int ROOM, LATE, BEATS, COLD, FAILBACK, QUICK, ENDS, PLANT;
	static int bound(const char *name) { const char *s = getenv(name); return s ? atoi(s) : 0; }
}

/* Faults to plant, the property that each must break, and the scenario (testdata/scenarios) in which
 * the core does better. */
#define planted(n)       c_expr { PLANT == n }
#define noTerm           1   /* 3: in a clash both keep the group: split-heals */
#define forgetStop       2   /* 2: a claim leaves out what is still stopping: stop-slow-group */
#define takeBeforeDone   3   /* 1: the taker takes when the giver begins to release: standby-and-takeover */
#define acceptOldClaim   4   /* 1: the claim that arrives last counts, not the newest: claims-overtake-each-other */
#define takeOutdated     5   /* 1: a claim counts although a newer one is known to be on its way: lost-claim */
#define goodbyeTooSoon   6   /* 2: a node says goodbye before its scripts are through: planned-stop */
#define noReports        7   /* 4: a standby goes by its words only, and one is lost: standby-done-lost */
#define muteAnswer       9   /* 1: repnodes does not say which claim is the newest: model-restart-hears-old-claim */
#define lingers          8   /* 5: a stopped node waits for an answer that does not come: both-stop */

#define K 3

#include "core.pml"
#include "wire.pml"

bit cut[2];          /* cut[i]: nothing comes through from node i */
bit calm;            /* faults are over */
bit excused;         /* a live node was declared dead, and they have not agreed since */
byte boots, crashes, kills, cuts, stalls, standbys, stops, fails, losses, hangs;

hidden byte two;     /* property 1 */
hidden byte dir;

#define late (!calm || timeout)
#define ready(i)  (N[i].up && !N[i].stalled)
#define scripted(i) (N[i].gs == PROBING || N[i].gs == STARTUP || N[i].gs == ENDING)

hidden byte quick;
hidden byte least;   /* messages to this node below this number are lost */

#include "events.pml"

/* Two nodes agree when each has the other's newest claim, or one is off and runs nothing. */
#define inTouch(i) (ready(i) && N[i].phase >= JOINING && N[i].pst == ACTIVE && N[i].ck && N[i].cseq == N[1 - i].lastClaim)
#define agree(i) (!N[i].up && !runs[i] || inTouch(i))

inline after() {
	idle(0); idle(1);
	dir = 0;
	do
	:: dir < 2 -> renumber(dir); dir++
	:: else -> break
	od;
	if
	:: excused && !(runs[0] && runs[1]) && agree(0) && agree(1) -> excused = 0
	:: else
	fi;
	two = runs[0] && runs[1] && !excused;
	assert(!two)
}

#define shown(i) runs[i], N[i].up, N[i].phase, N[i].gs, N[i].want, N[i].failed, N[i].tn, N[i].tb, N[i].pst, N[i].sph, N[i].ck, N[i].ch, D[i].n

inline tell(i) {
	printf("%d %d | 0: runs%d up%d phase%d group%d want%d failed%d term%d.%d other%d talk%d knows%d.%d sent%d", i, e, shown(0));
	printf(" | 1: runs%d up%d phase%d group%d want%d failed%d term%d.%d other%d talk%d knows%d.%d sent%d | excused%d\n", shown(1), excused)
}

#define asking(i) (D[i].n > 0 && (D[i].q[0].t == STARTING || D[i].q[0].reply) || \
	D[i].n > 1 && (D[i].q[1].t == STARTING || D[i].q[1].reply))
#define answering(i) (D[1 - i].n > 0 && D[1 - i].q[0].t == CLAIM || D[1 - i].n > 1 && D[1 - i].q[1].t == CLAIM)
#define heardFrom(i) (ready(i) && !cut[1 - i])
#define silent(i) (!N[1 - i].up || N[1 - i].stalled || cut[1 - i])
#define alive(i)  (N[i].pst == UP || N[i].pst == ACTIVE)
#define canRetry(i) (N[i].failed && N[i].phase == STABLE && N[i].gs == DOWN && (absent(i) || i == 0 && N[i].cfail && \
	N[i].ck && !N[i].ch && N[i].pst == ACTIVE && N[i].sph == NONE && !outdated(i)))
#define wantsBack(i) (N[i].failback && N[i].want && N[i].gs == RUNNING && !peerHolds(i) && !N[i].cfail && !refuses(i))

mtype = { takeBeat, take0, take1, take2, sendBeat, scriptEnds, scriptErrs, scriptHangs, verdict, answered, ask, deafFor,
	giveUp, retry, retryStop, leave, failbackDue, standbyCmd, stopCmd,
	bootNode, crash, kill, killQuiet, cutOne, cutBoth, mendOne, mendBoth, stall, resume, lose0, loseLast, calmDown };

/* node i and its machine: what may happen is chosen first, then it happens, with all that follows. */
proctype node(bit i) {
	mtype e;
end:	do
	:: atomic {
		if
		/* what comes and goes */
		:: heardFrom(i) && D[1 - i].b.t == BEAT -> e = takeBeat
		:: c_expr { LATE } && ready(i) && news(1 - i, i) -> e = sendBeat
		:: !c_expr { LATE } && heardFrom(i) && (ready(1 - i) || c_expr { BEATS } && N[1 - i].up) && news(i, 1 - i) -> e = takeBeat
		:: heardFrom(i) && D[1 - i].n > 0 -> e = take0
		:: heardFrom(i) && D[1 - i].n > 1 -> e = take1
		:: heardFrom(i) && D[1 - i].n > 2 -> e = take2
		/* scripts */
		:: ready(i) && scripted(i) -> e = scriptEnds
		:: ready(i) && fails > 0 && !calm && (N[i].gs == STARTUP || N[i].gs == ENDING) -> e = scriptErrs
		:: ready(i) && hangs > 0 && !calm && (N[i].gs == STARTUP || N[i].gs == ENDING) && !N[i].hung -> e = scriptHangs
		/* deadlines */
		:: ready(i) && N[i].pst != DEAD && silent(i) -> e = verdict
		:: ready(i) && N[i].phase == INIT && alive(i) && ready(1 - i) && N[1 - i].life == 2 && !cut[0] && !cut[1] -> e = answered
		:: ready(i) && wantsWord(i) && !asking(i) && !answering(i) && late -> e = ask
		:: ready(i) && N[i].deaf == 1 && N[i].pst == ACTIVE && N[1 - i].pst == DEAD -> e = deafFor
		:: ready(i) && (N[i].sph == ASKED || N[i].sph == OFFERED && !N[i].sure) && late -> e = giveUp
		:: ready(i) && canRetry(i) && late -> e = retry
		:: ready(i) && N[i].gs == STUCK && late -> e = retryStop
		:: ready(i) && N[i].phase == STOPPED && late && !planted(lingers) -> e = leave
		:: c_expr { FAILBACK } && ready(i) && wantsBack(i) && late -> e = failbackDue
		/* operators */
		:: ready(i) && standbys > 0 && !calm && !refuses(i) -> e = standbyCmd
		:: ready(i) && stops > 0 && !calm && N[i].phase < STOPPING -> e = stopCmd
		/* the machine and the cable from it */
		:: !N[i].up && boots > 0 -> e = bootNode
		:: crashes > 0 && !calm && (N[i].up || runs[i]) -> e = crash
		:: kills > 0 && !calm && N[i].up -> e = kill
		/* a script that was at work ends without its daemon, before the next daemon asks */
		:: kills > 0 && !calm && N[i].up && (N[i].gs == STARTUP || N[i].gs == ENDING) -> e = killQuiet
		:: cuts > 0 && !calm && !cut[i] -> e = cutOne
		:: cuts > 0 && !calm && !cut[0] && !cut[1] && i == 0 -> e = cutBoth
		:: cut[i] -> e = mendOne
		:: cut[0] && cut[1] && i == 0 -> e = mendBoth
		:: stalls > 0 && !calm && ready(i) -> e = stall
		:: N[i].stalled -> e = resume
		:: losses > 0 && !calm && D[i].n > 0 -> e = lose0
		:: losses > 0 && !calm && D[i].n > 1 -> e = loseLast
		:: c_expr { ENDS } && !calm && i == 0 -> e = calmDown
		fi;
		d_step {
			ended = 0; least = 0; moved = 1; byWord = 0; quick = 0;
			sayBeat = 0; sayStarting = 0; sayClaim = 0; sayReply = 0; sayMe = 0; sayWord = 0; sayShutdone = 0; claimPhase = 0;
			if
			:: e == takeBeat ->
				if
				:: c_expr { LATE } -> copyMsg(m, D[1 - i].b); clearMsg(D[1 - i].b)
				:: else -> makeBeat(m, 1 - i)
				fi
			:: e == take0 || e == take1 || e == take2 ->
				k = (e == take0 -> 0 : (e == take1 -> 1 : 2));
				copyMsg(m, D[1 - i].q[k]);
				D[1 - i].q[k].t = NONE
			:: e == sendBeat -> sayBeat = 1
			:: e == scriptEnds -> scriptOK(i)
			:: e == scriptErrs -> fails--; scriptFails(i)
			:: e == scriptHangs -> hangs--; N[i].hung = 1
			:: e == verdict -> declareDead(i)
			:: e == answered ->
				if
				:: !planted(muteAnswer) -> N[1 - i].seq++; N[i].rseq = N[1 - i].seq; N[i].rcl = N[1 - i].lastClaim
				:: else
				fi;
				commUp(i)
			:: e == ask ->
				if
				:: N[i].phase == JOINING -> sayStarting = 1
				:: else -> sayClaim = 1; sayReply = 1
				fi
			:: e == deafFor -> N[i].deaf = 2
			:: e == giveUp -> endStandby(i)
			:: e == retry -> acquire(i)
			:: e == retryStop -> setGroup(i, ENDING)
			:: e == leave || e == kill -> ended = 1
			:: e == crash || e == killQuiet -> ended = 1; runs[i] = 0
			:: e == failbackDue || e == standbyCmd -> askStandby(i)
			:: e == stopCmd -> beginStop(i)
			:: e == bootNode -> boots--; N[i].up = 1; sayBeat = 1;
				if
				:: c_expr { QUICK } || N[1 - i].stalled -> age(i)
				:: else -> quick = 1
				fi;
				if :: N[1 - i].life == 2 -> N[1 - i].life = 1 :: else fi
			:: e == cutOne -> cut[i] = 1
			:: e == cutBoth -> cut[0] = 1; cut[1] = 1
			:: e == mendOne -> cut[i] = 0
			:: e == mendBoth -> cut[0] = 0; cut[1] = 0
			:: e == stall -> N[i].stalled = 1
			:: e == resume -> N[i].stalled = 0
			:: e == lose0 -> D[i].q[0].t = NONE
			:: e == loseLast -> D[i].q[D[i].n - 1].t = NONE
			:: else -> calm = 1; cut[0] = 0; cut[1] = 0; N[0].stalled = 0; N[1].stalled = 0;
				crashes = 0; kills = 0; cuts = 0; stalls = 0; standbys = 0; stops = 0; fails = 0; losses = 0; hangs = 0
			fi;
			if :: e == crash -> crashes-- :: e == kill || e == killQuiet -> kills--
			:: e == cutOne || e == cutBoth -> cuts-- :: e == stall -> stalls-- :: e == standbyCmd -> standbys--
			:: e == stopCmd -> stops-- :: e == lose0 || e == loseLast -> losses-- :: else fi;
			if
			:: m.t != NONE -> handle(i); clearMsg(m)
			:: else
			fi;
			if
			:: N[i].stalled
			:: else -> settle(i)
			fi;
			if
			:: ended -> clearNode(i); clearMsg(D[i].b); least = 99
			:: else
			fi;
			if
			:: least == 99 -> clearMsg(D[1 - i].b)
			:: else
			fi;
			drop(1 - i, least);
			if
			:: quick -> drop(i, 99)
			:: else
			fi;
			dir = 0;
			do
			:: dir < 2 -> compact(dir); dir++
			:: else -> break
			od;
			tell(i); /* spin -t prints a counterexample so */
			after();
			e = 0
		}
	}
	od
}

/* settled: both nodes are up and know each other. */
inline settled(i) {
	N[i].up = 1; N[i].phase = STABLE; N[i].pst = ACTIVE; N[i].heard = 1; N[i].life = 2; N[i].tn = 1;
	N[i].seq = 1; N[i].lastClaim = 1; N[i].ck = 1; N[i].cst = 1; N[i].cseq = 1; N[i].rcl = 1
}

init {
	d_step {
		c_code {
			ROOM = bound("ROOM"); if (ROOM < 1 || ROOM > 3) ROOM = 2;
			LATE = bound("LATE"); BEATS = bound("BEATS"); COLD = bound("COLD"); FAILBACK = bound("FAILBACK"); QUICK = bound("QUICK"); ENDS = bound("ENDS"); PLANT = bound("PLANT");
			now.crashes = bound("CRASHES"); now.kills = bound("KILLS"); now.cuts = bound("CUTS"); now.stalls = bound("STALLS");
			now.standbys = bound("STANDBYS"); now.stops = bound("STOPS"); now.fails = bound("FAILS");
			now.losses = bound("LOSSES"); now.hangs = bound("HANGS");
		};
		boots = crashes + kills + stops;
		if
		:: c_expr { COLD } -> boots = boots + 2
		:: else ->
			settled(0); settled(1);
			N[0].gs = RUNNING; N[0].want = 1; runs[0] = 1;
			N[1].gs = DOWN; N[1].ch = 1; N[1].ctn = 1;
			N[0].said = claimText(0); N[1].said = claimText(1)
		fi
	};
	atomic { run node(0); run node(1) }
}

/* A daemon that was killed and is not started again leaves its resource behind: nobody can know. */
#define leftBehind(i) (!N[i].up && runs[i])
#define runsIt(i) (N[i].up && N[i].gs == RUNNING && runs[i])
#define oneOwner (!N[0].up && !N[1].up || leftBehind(0) || leftBehind(1) || \
	runsIt(0) && !runs[1] || runsIt(1) && !runs[0])

ltl owner { <> calm -> <> [] oneOwner }
ltl talk  { <> calm -> <> [] (N[0].sph == NONE && N[1].sph == NONE) }
ltl stop  { <> calm -> <> [] !(N[0].phase >= STOPPING || N[1].phase >= STOPPING) }
