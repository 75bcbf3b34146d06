/* What a node does with an event before it looks at what follows (settle, core.pml): the messages, the
 * verdict, the end of a script, the operator. beat.go, claim.go, dialogue.go, shutdown.go, script.go.
 */

inline declareDead(i) {
	if
	:: N[1 - i].up || runs[1 - i] -> excused = 1
	:: else
	fi;
	N[i].pst = DEAD;
	least = 99;
	cancelStandby(i);
	forget(i);
	N[i].failed = 0
}

inline readReport(i) {
	if
	:: m.seq >= N[i].rseq ->
		N[i].rseq = m.seq; N[i].rid = m.rid; N[i].rph = m.rph; N[i].rcl = m.rcl;
		if
		:: m.sees != DEAD -> N[i].deaf = 0
		:: m.sees == DEAD && N[i].deaf == 0 -> N[i].deaf = 1
		:: else
		fi
	:: else
	fi
}

/* statusFrom, restarted, partitionHealed: beat.go, deadtime.go */
inline statusFrom(i) {
	if
	:: N[i].life != 2 ->
		N[i].life = 2;
		least = m.seq;
		forget(i);
		N[i].heard = 0; N[i].pst = UNHEARD;
		cancelStandby(i);
		sayBeat = 1
	:: else
	fi;
	readReport(i);
	keep = (N[i].pst == DEAD && N[i].heard);
	N[i].heard = 1;
	N[i].pst = m.st;
	if
	:: keep ->
		N[i].said = 0;
		if
		:: N[i].phase >= JOINING -> sayClaim = 1; sayReply = 1
		:: else
		fi
	:: else
	fi
}

/* resourceFrom, learnTerms: claim.go */
inline resourceFrom(i) {
	if
	:: m.seq < N[i].cseq && !planted(acceptOldClaim)
	:: else ->
		keep = N[i].cst;
		N[i].cseq = (m.seq > N[i].cseq -> m.seq : N[i].cseq); N[i].ck = 1; N[i].cgone = 0;
		N[i].ch = m.h; N[i].ctn = m.tn; N[i].ctb = m.tb; N[i].cst = m.st; N[i].cfail = m.fail; N[i].cleave = m.bye;
		if
		:: ours(i) && !m.h -> N[i].tb = 0
		:: !ours(i) && m.h && m.tn > N[i].tn -> N[i].tn = m.tn
		:: else
		fi;
		if
		:: m.reply || m.st && !keep -> sayClaim = 1
		:: else
		fi
	fi
}

/* offer: dialogue.go */
inline offer(i) {
	if
	:: N[i].rseq > m.seq && !(gives(N[i].rph) && N[i].rid == m.seq)
	:: else ->
		if
		:: N[i].sph == ASKED && i == 1 -> endStandby(i)
		:: N[i].sph == OFFERED && m.seq > N[i].sid -> endStandby(i)
		:: else
		fi;
		if
		:: refuses(i)
		:: else ->
			N[i].sid = m.seq; N[i].since = m.seq; N[i].sure = 0;
			setStandby(i, OFFERED);
			sayWord = 1
		fi
	fi
}

inline shutdoneFrom(i) {
	cancelStandby(i);
	N[i].ck = 1; N[i].cgone = 1; N[i].ch = 0; N[i].cst = 1; N[i].cfail = 0; N[i].cleave = 0; N[i].cseq = m.seq;
	N[i].failed = 0
}

/* handle takes in m: numbered and handle of beat.go; the window lets through what is of the life it knows. */
inline handle(i) {
	byWord = (m.t == WORD);
	if
	:: m.old && N[i].life != 1
	:: !m.old && N[i].life != 2 && m.t != BEAT
	:: else ->
		if
		:: m.t == CLAIM || m.t == ME || m.t == WORD -> readReport(i)
		:: else
		fi;
		if
		:: m.t == BEAT -> statusFrom(i)
		:: m.t == STARTING ->
			if
			:: m.seq < N[i].cseq
			:: else -> N[i].cst = 0; sayClaim = 1
			fi
		:: m.t == CLAIM -> resourceFrom(i)
		:: m.t == ME && N[i].phase < STOPPING -> offer(i)
		:: m.t == SHUTDONE -> shutdoneFrom(i)
		:: else
		fi
	fi
}

inline scriptOK(i) {
	if
	:: N[i].gs == PROBING && runs[i] -> N[i].tn = 1; N[i].tb = 1; setGroup(i, FOUND)
	:: N[i].gs == PROBING && !runs[i] -> setGroup(i, DOWN)
	:: N[i].gs == STARTUP && N[i].want -> setGroup(i, RUNNING)
	:: N[i].gs == STARTUP && !N[i].want -> setGroup(i, ENDING)
	:: N[i].gs == ENDING -> runs[i] = 0; setGroup(i, DOWN)
	fi
}

inline scriptFails(i) {
	if
	:: N[i].gs == STARTUP -> N[i].failed = 1; N[i].want = 0; setGroup(i, ENDING)
	:: N[i].gs == ENDING -> setGroup(i, STUCK)
	fi
}

/* askStandby: standby.go */
inline askStandby(i) {
	N[i].sid = N[i].seq + 1; N[i].since = 0; N[i].sure = 0;
	setStandby(i, ASKED);
	sayMe = 1
}

inline beginStop(i) {
	cancelStandby(i);
	N[i].phase = STOPPING;
	release(i)
}
