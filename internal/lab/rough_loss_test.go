//go:build integration

package lab

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// How the clusters under loss are configured and judged.
//
// A false death needs 20 beats in a row to be lost (deadtime 10 s, keepalive 500 ms). With 20 % on
// one path that is 0.2^20 = 1e-14 for each of the 1200 beats of both nodes in five minutes, 1e-11 a run;
// a late heartbeat (warntime 6 s, 12 beats) 0.2^12 = 4e-9, 5e-6 a run. So either is a fault and not bad luck.
//
// A move is eight messages, one after the other: hb_takeover, me, other, a claim, done, done, a claim of
// each. What is lost is asked for every 250 ms; a C node looks at its network every 500 ms at the latest,
// so every 500 ms question and answer have a chance of 0.64 or better, a second after the loss for the
// first time. That k such chances are missed has a probability below (k+7 over 7) * 0.36^k. In the 45 s
// a move may take are 8 s for eight first times, 10 s for scripts on a busy machine, and 27 s for k = 54: 5e-16.
// `me` must be answered by `other` within 10 s (18 chances for both): (19 over 1) * 0.36^18 = 2e-7.
const (
	lossPercent  = 20
	lossHACF     = "logfile /var/log/ha-log\nkeepalive 500ms\nwarntime 6\ndeadtime 10\ninitdead 20\nudpport 694\nauto_failback off\nnode node1 node2\n"
	lossPatience = 45 * time.Second
)

// overtaken is what a C node audits itself with when a claim has overtaken an older one, whose ever
// they are. Two C nodes write it too, in most runs, but not in each and not each time for the same side.
var overtaken = regexp.MustCompile(`ERROR: (Both machines own|No one owns) (our|our local|foreign) resources!$`)

// lossPaths are the media of a cluster whose one way, or each of two ways, is rough.
var lossPaths = map[string]string{
	"one path":  "bcast eth0\n",
	"two paths": "bcast eth0\nucast eth1 10.77.1.1\nucast eth1 10.77.1.2\n",
}

// TestLoss moves groups as fast as the nodes settle, while every way between them loses 20 % of
// the datagrams at random, both ways, from before the daemons start: nobody is declared dead, every
// move comes to its end, no group has two owners, and nobody's memory grows. It takes 40 s, or what
// LOSS says in the environment:
//
//	LOSS=5m go test -tags integration -count=1 -v -run 'TestLoss$' ./internal/lab
func TestLoss(t *testing.T) {
	t.Parallel()
	software := softwares(t)
	length := 40 * time.Second
	if word := os.Getenv("LOSS"); word != "" {
		var err error
		if length, err = time.ParseDuration(word); err != nil {
			t.Fatalf("LOSS: %v", err)
		}
	}
	var names []string
	for paths := range lossPaths {
		for _, pairing := range pairings {
			names = append(names, pairing+" "+paths)
		}
	}
	sort.Strings(names)
	var guard sync.Mutex
	reports := map[string]*lossRun{}
	all := &plays{always: []*regexp.Regexp{overtaken, swallowed}}
	all.play = func(t testing.TB, pairing, paths string) *pair {
		files := Files{HACF: lossPaths[paths] + lossHACF}
		run := &lossRun{pair: newPair(t, pairing, software, strings.Count(files.HACF, "\nucast")/2+1, [2]Files{files, files}), length: length}
		guard.Lock()
		reports[pairing+" "+paths] = run
		guard.Unlock()
		run.play()
		return run.pair
	}
	all.run(t, first, names)
	for _, name := range names {
		if run := reports[name]; run != nil {
			t.Logf("%s: %s", name, run)
		}
	}
}

// lossRun is one pairing under loss.
type lossRun struct {
	*pair
	length time.Duration
	begin  time.Time
	moves  []time.Duration
	stuck  string
	dead   int
	lost   [2]int // lines about lost packets
	memory [2][]int
}

func (r *lossRun) String() string {
	slowest, sum := time.Duration(0), time.Duration(0)
	for _, took := range r.moves {
		slowest, sum = max(slowest, took), sum+took
	}
	return fmt.Sprintf("%d moves, mean %v, slowest %v, %d commands swallowed by a C node; deaths %d; lost packets noticed %d and %d times; kB %v and %v%s",
		len(r.moves), (sum / time.Duration(max(1, len(r.moves)))).Round(10*time.Millisecond), slowest.Round(10*time.Millisecond),
		r.swallows, r.dead, r.lost[0], r.lost[1], r.memory[0], r.memory[1], r.stuck)
}

func (r *lossRun) play() {
	r.Helper()
	for _, h := range r.nodes {
		r.must(h.Lose(lossPercent))
	}
	r.start(0, 1)
	_, err := r.settles(60*time.Second, 0, 1, 0, 1)
	r.begin = time.Now()
	if err == nil {
		err = r.moveOn(0, 1)
	}
	if err != nil && contains(r.kinds[:], "H") {
		r.Fatalf("after %v: %v", time.Since(r.begin), err)
	}
	if err != nil {
		r.stuck = fmt.Sprintf("; STUCK after %v: %v", time.Since(r.begin).Round(time.Second), err)
		r.wait()
	}
	r.measure()
	r.judge()
}

// moveOn moves groups until the time is over; its error is the move that came to no end.
func (r *lossRun) moveOn(web, db int) error {
	dice := rand.New(rand.NewPCG(uint64(r.length), uint64(len(r.Name()))))
	for time.Since(r.begin) < r.length {
		r.measure()
		node, command, which, toWeb, toDB := anyMove(dice, web, db)
		if toWeb == web && toDB == db {
			continue // nothing to move
		}
		took, err := r.move(lossPatience, node, command, which, toWeb, toDB)
		if err != nil {
			return fmt.Errorf("web was on node%d, db on node%d: %w", web+1, db+1, err)
		}
		r.moves = append(r.moves, took)
		web, db = toWeb, toDB
	}
	return nil
}

// wait lets the rest of the time pass. 3.0.6 believes the claim that arrives last; where that is an
// old one, two C nodes are in transition for ever, and no command helps. The judge stays as it is.
func (r *lossRun) wait() {
	for time.Since(r.begin) < r.length {
		r.measure()
		time.Sleep(time.Second)
	}
}

// anyMove is an operator's command, and who has what when it is done.
func anyMove(dice *rand.Rand, web, db int) (node int, command, which string, toWeb, toDB int) {
	node = dice.IntN(2)
	command = []string{"hb_standby", "hb_takeover"}[dice.IntN(2)]
	which = []string{"all", "local", "foreign"}[dice.IntN(3)]
	to := node
	if command == "hb_standby" {
		to = 1 - node
	}
	toWeb, toDB = web, db
	if which == "all" || (which == "local") == (node == 0) {
		toWeb = to
	}
	if which == "all" || (which == "local") == (node == 1) {
		toDB = to
	}
	return node, command, which, toWeb, toDB
}

const sampleEvery = 5 * time.Second

// measure takes the memory of both daemons, if it is time to.
func (r *lossRun) measure() {
	if time.Since(r.begin) < time.Duration(len(r.memory[0]))*sampleEvery {
		return
	}
	for i := range r.nodes {
		kilobytes, _ := r.pair.memory(i)
		r.memory[i] = append(r.memory[i], kilobytes)
	}
}

// judge asks nothing of C+C: two C nodes show what C does, at times that they never settle.
func (r *lossRun) judge() {
	ours := contains(r.kinds[:], "H")
	if ours {
		r.oneOwner()
		r.errors()
	}
	for i, h := range r.nodes {
		r.lost[i] = r.count(i, "lost packet(s) for")
		deaths := r.count(i, "is dead") + r.count(i, " dead.")
		r.dead += deaths
		if !ours {
			continue
		}
		if late := r.count(i, "Late heartbeat"); deaths > 0 || late > 0 {
			r.Errorf("%s (%s) wrote %d times that a node or link is dead, %d times that a beat is late", h.Name, r.kinds[i], deaths, late)
		}
		if r.lost[i] == 0 {
			r.Errorf("%s (%s) missed nothing: there was no loss", h.Name, r.kinds[i])
		}
		early, late := r.growth(i)
		most := memoryGrowth
		if r.length < 2*time.Minute {
			most *= 2 // a slow machine is still warming up
		}
		if grown := late - early; grown > most {
			r.Errorf("%s (%s) has grown by %d kB, from %d to %d: %v", h.Name, r.kinds[i], grown, early, late, r.memory[i])
		}
	}
	if ours && len(r.moves) == 0 {
		r.Error("no move was made")
	}
}

// memoryGrowth is how much more a daemon may have at the end than when it had warmed up, in
// kilobytes. A C node's grows by less than 200; a heartbeatd collects garbage, and what it has goes up
// and down by 500.
const memoryGrowth = 1024

// growth is what a daemon had when it had warmed up, after a minute or half the time, and at
// the end: the most of three samples each.
func (r *lossRun) growth(node int) (early, late int) {
	all := r.memory[node]
	from := min(len(all)/2, int(time.Minute/sampleEvery))
	for _, kb := range all[from:min(from+3, len(all))] {
		early = max(early, kb)
	}
	for _, kb := range all[max(0, len(all)-3):] {
		late = max(late, kb)
	}
	return early, late
}
