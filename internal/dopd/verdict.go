// Package dopd has the other node's side of a DRBD device marked as outdated, as the program of that name does in
// 3.0.6, and with the same messages: the other node may have the genuine one. When a primary loses its connection
// DRBD calls drbd-peer-outdater, which asks the dopd of its node, which asks the dopd of the other node, which runs
// `drbdadm outdate`. It is pure; the daemon signs it on as the client "dopd" and carries its actions out.
package dopd

import (
	"strconv"
	"strings"
)

// Name is what both nodes' dopd sign on as.
const Name = "dopd"

// Verdict is what drbd-peer-outdater exits with; DRBD gives it its meaning (fence-peer). Only Outdated says that the
// other side has been marked.
type Verdict int

// What 3.0.6 knows.
const (
	Inconsistent Verdict = 3  // the other side was of no use already
	Outdated     Verdict = 4  // it is marked
	Down         Verdict = 5  // the other node is dead, or nobody answers
	Primary      Verdict = 6  // the other side is primary and refuses
	Failed       Verdict = 20 // nobody knows
	Busy         Verdict = 21 // the same is being asked already
)

// Exit statuses of `drbdadm outdate`, which are those of drbdsetup and drbdmeta.
const (
	drbdOutdated     = 0
	drbdInconsistent = 5
	drbdPrimary      = 17
)

// Judge gives what an exit status of `drbdadm outdate` means. 3.0.6: the same.
func Judge(status int) Verdict {
	switch status {
	case drbdOutdated:
		return Outdated
	case drbdInconsistent:
		return Inconsistent
	case drbdPrimary:
		return Primary
	}
	return Failed
}

// ParseVerdict reads one of another dopd. It believes nothing but what 3.0.6 says, in the form in which it says it.
func ParseVerdict(text string) Verdict {
	n, err := strconv.Atoi(text)
	switch v := Verdict(n); {
	case err != nil || text != strconv.Itoa(n): // "+4"
	case v == Inconsistent, v == Outdated, v == Down, v == Primary, v == Failed, v == Busy:
		return v
	}
	return Failed
}

// longestResource is more than DRBD takes.
const longestResource = 127

// ValidResource says whether a word names one resource. It becomes an argument of a program that runs as root, to
// which "all" means all of them.
func ValidResource(name string) bool {
	if name == "" || len(name) > longestResource || name == "all" || strings.IndexByte("-.+", name[0]) >= 0 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("_-.+", c) < 0 {
			return false
		}
	}
	return true
}
