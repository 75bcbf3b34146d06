package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/pidfile"
)

// 3.0.6: a stop that fails is tried again each second, ten times.
const stopTries = 10

func stopPause() { time.Sleep(time.Second) }

// groupState is ALL, SOME or NONE of a group.
func (r *resourceManager) groupState(key string) string {
	g := r.group(key)
	held := 0
	for _, word := range g[min(1, len(g)):] {
		if r.held(word) {
			held++
		}
	}
	switch {
	case held == 0:
		return "NONE"
	case held < len(g)-1:
		return "SOME"
	}
	return "ALL"
}

// verifyAllIdle counts the groups that run although they should not. Init scripts ask before the start.
func (r *resourceManager) verifyAllIdle() int {
	held := 0
	for _, line := range r.lines {
		words := strings.Fields(line)
		if len(words) < 2 || !r.held(words[1]) {
			continue
		}
		held++
		text := []string{
			"CRITICAL: Resource " + words[1] + " is active, and should not be!",
			"CRITICAL: Non-idle resources can affect data integrity!",
			"info: If you don't know what this means, then get help!",
			"info: Read the docs and/or the source to " + r.called + " for more details.",
		}
		for _, t := range text[:3] {
			r.log.say("%s", t)
		}
		r.log.say("info: Read the docs and/or source to %s for more details.", r.called)
		fmt.Fprintln(r.stderr, strings.Join(text, "\n"))
	}
	if held > 0 {
		r.log.say("CRITICAL: Non-idle resources will affect resource takeback!")
		r.log.say("CRITICAL: Non-idle resources may affect data integrity!")
	}
	return held
}

// daemon is what a running daemon says of a group: whether it has it, and who else.
func (r *resourceManager) daemon(key string) (runs bool, g control.GroupStatus, self string) {
	st, err := control.Query(r.socket, commandTimeout)
	switch {
	case err == nil:
	case errors.Is(err, control.ErrNotRunning):
		_, alive, _ := pidfile.Alive(r.pidFile) // it may be starting
		return alive, g, ""
	default:
		return true, g, "" // it is there, and cannot be asked
	}
	for _, g := range st.Groups {
		if slices.Contains(g.Resources, key) {
			return true, g, st.Node
		}
	}
	return true, g, st.Node
}

// takeGroup starts a group, from left to right. While a daemon runs, it is that which decides.
func (r *resourceManager) takeGroup(key string) int {
	words := r.group(key)
	if len(words) < 2 {
		return exitOK
	}
	if runs, g, self := r.daemon(words[1]); runs {
		if self != "" && g.Owner == self {
			return exitOK // it has it, or is starting it
		}
		return r.refuse("takegroup", words[1], g.Owner, "hb_takeover")
	}
	r.log.say("info: Acquiring resource group: %s", strings.Join(words, " "))
	for _, word := range words[1:] {
		if r.held(word) {
			continue
		}
		if rc := r.do(word, "start"); rc != 0 {
			r.log.say("CRIT: Giving up resources due to failure of %s", word)
			r.release(words)
			return rc
		}
	}
	return exitOK
}

// giveGroup stops a group, from right to left.
func (r *resourceManager) giveGroup(key string) int {
	words := r.group(key)
	if len(words) < 2 {
		return exitOK
	}
	if runs, g, self := r.daemon(words[1]); runs {
		if self != "" && g.Owner != self && g.Owner != "both" && g.State == "stopped" {
			return exitOK
		}
		return r.refuse("givegroup", words[1], g.Owner, "hb_standby")
	}
	return r.release(words)
}

func (r *resourceManager) refuse(what, key, owner, instead string) int {
	if owner == "" {
		owner = "nobody"
	}
	r.log.say("WARN: %s %s refused: heartbeat runs, and it alone moves groups; %s has this one", what, key, owner)
	complain(r.stderr, fmt.Errorf("%s %s: heartbeat runs on this machine, and it alone moves groups; %s has this one", what, key, owner),
		"use "+instead+", or 'heartbeatd status' to see how things stand")
	return exitFailed
}

// release stops everything, whatever fails. 3.0.6 reboots the machine over a stop that fails; without a
// daemon nobody waits for this one.
func (r *resourceManager) release(words []string) int {
	r.log.say("info: Releasing resource group: %s", strings.Join(words, " "))
	result := exitOK
	for i := len(words) - 1; i > 0; i-- {
		rc := r.do(words[i], "stop")
		for try := 0; rc != 0 && try < r.stopRetries(); try++ {
			r.retry()
			r.log.say("info: Retrying failed stop operation [%s]", words[i])
			rc = r.do(words[i], "stop")
		}
		switch {
		case rc == 0:
		case r.held(words[i]):
			result = rc
			r.log.say("CRIT: Resource STOP failure. Reboot required!")
		default:
			r.log.say("ERROR: Resource script for %s probably not LSB-compliant.", words[i])
			r.log.say("WARN: it (%s) MUST succeed on a stop when already stopped", words[i])
			r.log.say("WARN: Machine reboot narrowly avoided!")
		}
	}
	return result
}

func (r *resourceManager) stopRetries() int {
	if n, err := strconv.Atoi(r.env("HA_STOPRETRYMAX")); err == nil && n > 0 {
		return n
	}
	return stopTries
}

// do starts or stops one resource.
func (r *resourceManager) do(word, op string) int {
	res := r.script(word, op)
	switch {
	case res.Err != nil && res.PID == 0:
		return exitFailed // said by the runner
	case res.RC != 0:
		r.log.say("ERROR: Return code %d from %s", res.RC, res.Path)
	}
	return res.RC
}
