package config

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// cross is stage 3: defaults that depend on other values, then what must fit together. A check is
// left out when a directive it looks at was refused, or may hide behind a line that was not
// understood: the operator mends that first and is not led astray by its consequences.
func (p *parser) cross() {
	p.dependentDefaults()
	p.crossMedia()
	p.crossNodes()
	p.crossPings()
	p.crossTimes()
	if p.cfg.AutoFailback == Legacy && p.settled("auto_failback") {
		p.at("auto_failback")
		p.note(Warning, "Deprecated 'legacy' auto_failback option selected.",
			"Please convert to 'auto_failback on', or off to leave resources where they are")
	}
	p.crossLogging()
	if p.autojoin > 0 {
		p.line, p.name = p.autojoin, "autojoin"
		p.clash(faultf("remove the line and name every node", "R1 style resource management conflicts with autojoin set"))
	}
	p.recordDefaults()
}

// dependentDefaults is config of 3.0.6 after the last line.
func (p *parser) dependentDefaults() {
	c := p.cfg
	if p.given["warntime"] == 0 {
		c.Warntime = c.Deadtime / 2
	}
	if p.given["deadping"] == 0 {
		c.Deadping = c.Deadtime
	}
	if p.given["initdead"] == 0 {
		switch {
		case c.Deadtime > 10*time.Second:
			c.Initdead = c.Deadtime
		case c.Deadtime < 6*time.Second:
			c.Initdead = 12 * time.Second
		default:
			c.Initdead = 2 * c.Deadtime
		}
	}
}

// settled says whether the values of these directives are what the operator meant.
func (p *parser) settled(names ...string) bool {
	for _, n := range names {
		if p.bad[n] || (p.illegal && p.given[n] == 0) {
			return false
		}
	}
	return true
}

// at moves to the last line that gave one of these directives, else to the end of the file.
func (p *parser) at(names ...string) {
	p.name, p.line = names[0], 0
	for _, n := range names {
		p.line = max(p.line, p.given[n])
	}
	if p.line == 0 {
		p.line = p.eof
	}
}

// clash is an error between values that are each right.
func (p *parser) clash(f *fault) { p.note(Error, p.name+": "+f.text, f.hint) }

// whole is an error about the whole file.
func (p *parser) whole(text, hint string) {
	p.line = p.eof
	p.note(Error, text, hint)
}

var mediumNames = []string{"bcast", "udp", "ucast", "mcast", "ucast6", "mcast6", "serial", "ping", "ping6", "ping_group"}

func (p *parser) crossMedia() {
	const hint = "add a line such as `bcast eth0` or `ucast eth0 192.0.2.2`"
	spoilt := p.illegal || slices.ContainsFunc(mediumNames, func(n string) bool { return p.bad[n] })
	switch {
	case len(p.cfg.Media) > 0 || spoilt:
	case p.media == 0:
		p.whole("No heartbeat media defined", hint)
	default:
		// DIFFERS: 3.0.6 starts with these media.
		p.whole("No heartbeat media defined: a ping carries no beats", hint)
	}
}

func (p *parser) crossNodes() {
	c := p.cfg
	if !p.settled("node") {
		return
	}
	if len(c.Nodes) == 0 {
		p.whole("no nodes defined", "add `node NAME` for this machine and for its partner; NAME is what `uname -n` says there")
	}
	if p.third > 0 {
		p.name, p.line = "node", p.third
		p.clash(faultf("keep this machine and its partner; another pair in the same network needs another udpport",
			"%d nodes: haresources describes a pair", len(c.Nodes)))
	}
	if slices.Contains(c.Nodes, c.Self) {
		return
	}
	p.at("node")
	p.note(Error, fmt.Sprintf("Current node [%s] not in configuration!", c.Self),
		"By default, cluster nodes are named by `uname -n` and must be declared with a 'node' directive in the ha.cf file.")
}

func (p *parser) crossTimes() {
	c := p.cfg
	ms := time.Duration.Milliseconds
	if p.settled("deadtime", "keepalive") && c.Deadtime <= 2*c.Keepalive {
		p.at("deadtime", "keepalive")
		p.clash(faultf("deadtime must be above twice keepalive",
			"Dead time [%d] is too small compared to keepalive [%d] (ms)", ms(c.Deadtime), ms(c.Keepalive)))
	}
	if p.settled("initdead", "deadtime") {
		p.crossInitdead()
	}
	if p.given["deadping"] > 0 && p.settled("deadping", "keepalive") && c.Deadping <= 2*c.Keepalive {
		p.at("deadping", "keepalive")
		p.clash(faultf("deadping must be above twice keepalive",
			"Ping dead time [%d] is too small compared to keepalive [%d] (ms)", ms(c.Deadping), ms(c.Keepalive)))
	}
}

func (p *parser) crossInitdead() {
	c := p.cfg
	p.at("initdead", "deadtime")
	switch {
	case c.Initdead < c.Deadtime:
		p.clash(faultf("initdead must be deadtime or more",
			"Initial dead time [%d] is smaller than deadtime [%d] (ms)", c.Initdead.Milliseconds(), c.Deadtime.Milliseconds()))
	case c.Initdead < 10*time.Second:
		p.warn("Initial dead time accounts for slow network startup time. It should be >= deadtime and >= 10 seconds",
			"Initial dead time [%d ms] may be too small!", c.Initdead.Milliseconds())
	}
}

// crossLogging is the table of the logging directives. The facility kern has the number 0 and
// counts as none for 3.0.6.
func (p *parser) crossLogging() {
	if !p.settled("logfile", "debugfile", "logfacility", "use_logd") {
		return
	}
	l := &p.cfg.Log
	files := p.given["logfile"] > 0 || p.given["debugfile"] > 0
	facility := l.Facility != "" && l.Facility != "kern"
	p.at("use_logd")
	switch {
	case p.given["use_logd"] > 0 && !l.UseLogd && !files && !facility:
		p.whole("No log entry found in ha.cf and use_logd is set to off", "add `logfile /var/log/ha-log` or `logfacility local0`")
	case files && l.UseLogd:
		p.warn("lines go where /etc/logd.cf says; these files are used only while ha_logd does not run; remove use_logd to do without it",
			"logd is enabled but logfile/debugfile is still configured in ha.cf")
	case p.given["use_logd"] == 0 && !files && !facility:
		l.UseLogd = true
		p.cfg.Parameters["use_logd"] = "yes"
		p.note(Info, "No log entry found in ha.cf -- use logd", "add `logfile /var/log/ha-log` or `logfacility local0` to do without it")
	}
}

// recordDefaults fills in the parameters nobody wrote. Times 3.0.6 computes are in ms.
func (p *parser) recordDefaults() {
	c := p.cfg
	computed := map[string]string{
		"deadtime": milliseconds(c.Deadtime), "warntime": milliseconds(c.Warntime),
		"initdead": milliseconds(c.Initdead), "deadping": milliseconds(c.Deadping),
		"udpport": strconv.Itoa(int(c.UDPPort)), "keepalive": milliseconds(c.Keepalive),
	}
	// Only shown, never recorded: 3.0.6 knows no value until the file gives one.
	unset := []string{"debug", "coreroot", "use_apphbd", "crm"}
	for _, d := range directives {
		if _, there := c.Parameters[d.Name]; there || !d.recorded || slices.Contains(unset, d.Name) {
			continue
		}
		if v, ok := computed[d.Name]; ok {
			c.Parameters[d.Name] = v
		} else if d.Default != "" {
			c.Parameters[d.Name] = d.Default
		}
	}
}
