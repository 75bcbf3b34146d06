package config

import (
	"slices"
	"strings"
	"time"
)

// durationPtr is where a time goes.
type durationPtr = *time.Duration

// timeValue makes the check of a time of at least atLeast milliseconds.
func timeValue(hint string, atLeast int64, field func(*Config) durationPtr) func(*parser, string) *fault {
	return func(p *parser, v string) *fault {
		d, ok := parseTime(v)
		if !ok {
			return faultf(hint, "want a time such as 2 or 500ms, got [%s]", v)
		}
		if d.Milliseconds() < atLeast {
			return faultf(hint, "want a time above 0, got [%s]", v)
		}
		if field != nil {
			*field(p.cfg) = d
		}
		return nil
	}
}

func applyWarntime(p *parser, v string) *fault {
	d, ok := parseTime(v)
	if !ok || d <= 0 {
		return faultf("a time is seconds without a unit (2 or 0.5) or milliseconds (500ms), without a blank between",
			"Warn time [%s] is invalid.", v)
	}
	p.cfg.Warntime = d
	return nil
}

func boolValue(field func(*Config) *bool) func(*parser, string) *fault {
	return func(p *parser, v string) *fault {
		b, ok := parseBool(v)
		if !ok {
			return faultf("write one of true on yes y 1, or false off no n 0", "Invalid directive value %s", v)
		}
		if field != nil {
			*field(p.cfg) = b
		}
		return nil
	}
}

// number is atoi with a warning where C silently ignores letters.
func number(p *parser, v string) int {
	n, exact := atoi(v)
	if !exact {
		p.warn("write digits only", "[%s] is not a whole number, %d is used", v, n)
	}
	return n
}

func byteValue(field func(*Config) *int) func(*parser, string) *fault {
	return func(p *parser, v string) *fault {
		n, _ := atoi(v)
		if n < 0 || n > 255 {
			return faultf("", "want 0..255, got [%s]", v)
		}
		*field(p.cfg) = number(p, v)
		return nil
	}
}

// wordValue accepts a few words. 3.0.6: case matters.
func wordValue(complaint string, field func(*Config) *string, allowed ...string) func(*parser, string) *fault {
	return func(p *parser, v string) *fault {
		if !slices.Contains(allowed, v) {
			return faultf("write one of "+strings.Join(allowed, ", "), "%s [%s]", complaint, v)
		}
		*field(p.cfg) = v
		return nil
	}
}

// anyValue is for text that 3.0.6 does not check.
func anyValue(*parser, string) *fault { return nil }

// pathValue is a log file; /dev/null means off. 3.0.6 checks nothing about it.
func pathValue(field func(*Config) *string) func(*parser, string) *fault {
	return func(p *parser, v string) *fault {
		if v == "/dev/null" {
			v = ""
		}
		*field(p.cfg) = v
		return nil
	}
}

func applyFacility(p *parser, v string) *fault {
	if !knownFacility(v) {
		return faultf("write one of none "+strings.Join(facilities, " "), "Log facility(%s) not valid", v)
	}
	p.cfg.Log.Facility = v
	if v == "none" {
		p.cfg.Log.Facility = ""
	}
	return nil
}

const (
	// maxNodes counts ping nodes too.
	maxNodes = 100
	// maxPair does not. DIFFERS: 3.0.6 starts with more.
	maxPair = 2
)

func (p *parser) roomForNode() *fault {
	if len(p.cfg.Nodes)+len(p.cfg.PingNodes)+p.doubles >= maxNodes {
		return faultf("", "too many nodes (> %d), ping nodes included", maxNodes)
	}
	return nil
}

func applyNode(p *parser, v string) *fault {
	if f := p.roomForNode(); f != nil {
		return f
	}
	name := lowerASCII(v)
	if len(name) > 99 {
		name = name[:99]
		p.warn("", "name [%s] is longer than 99 characters and is cut", v)
	}
	if slices.Contains(p.cfg.Nodes, name) {
		p.doubles++
		p.warn("", "[%s] is named more than once", name)
		return nil
	}
	p.cfg.Nodes = append(p.cfg.Nodes, name)
	if len(p.cfg.Nodes) == maxPair+1 {
		p.third = p.line
	}
	return nil
}

// lowerASCII is tolower in the C locale, the one the daemon runs in.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func applyAutoFailback(p *parser, v string) *fault {
	b, isBool := parseBool(v)
	switch {
	case strings.EqualFold(v, "legacy"):
		p.cfg.AutoFailback = Legacy
	case isBool && b:
		p.cfg.AutoFailback = On
	case isBool:
		p.cfg.AutoFailback = Off
	default:
		return faultf("write on, off or legacy", "want on, off or legacy, got [%s]", v)
	}
	return nil
}

// applyNiceFailback is 3.0.6: the obsolete directive is not an error, and its value does not matter.
func applyNiceFailback(p *parser, v string) *fault {
	if _, ok := parseBool(v); !ok {
		return faultf("use auto_failback on, off or legacy", "Invalid directive value %s", v)
	}
	p.warn("", "nice_failback flag is obsolete.. Use auto_failback {on, off, legacy} instead.")
	if p.given["auto_failback"] > 0 && p.cfg.AutoFailback != Legacy {
		p.cfg.AutoFailback = Off
		p.cfg.Parameters["auto_failback"] = "off"
		p.warn("", "'nice_failback %s' has been changed to 'auto_failback off'", v)
		return nil
	}
	p.warn("Consider converting to 'auto_failback on'. When you do, then you can use ipfail, and hb_standby",
		"nice_failback %s has been strictly interpreted as 'auto_failback legacy'", v)
	return nil
}

func applyAutojoin(p *parser, v string) *fault {
	switch strings.ToLower(v) {
	case "none":
		p.autojoin = 0
	case "other", "any":
		p.autojoin = p.line
	default:
		return faultf("write none", "Invalid autojoin directive [%s]", v)
	}
	return nil
}

func applyMaxRexmit(p *parser, v string) *fault {
	n, _ := atoi(v)
	if n <= 0 {
		return faultf("write milliseconds, digits only", "Invalid max_rexmit_delay time(%s)", v)
	}
	p.cfg.MaxRexmit = time.Duration(number(p, v)) * time.Millisecond
	return nil
}

func applyCompression(p *parser, v string) *fault {
	if v != "zlib" && v != "bz2" {
		return faultf("write zlib or bz2", "Compression module(%s) not found", v)
	}
	p.cfg.Compression.Method = v
	return nil
}

func applyThreshold(p *parser, v string) *fault {
	n, _ := atoi(v)
	if n <= 0 {
		return faultf("write kilobytes above 0", "compress_threshhold(%d) invalid", n)
	}
	p.cfg.Compression.Threshold = number(p, v)
	return nil
}

func applyRtprio(p *parser, v string) *fault {
	n, _ := atoi(v)
	if n < 1 || n > 99 {
		return faultf("write a priority from 1 to 99", "Illegal realtime priority [%s]", v)
	}
	p.cfg.RTPriority = n
	number(p, v)
	return nil
}

// applyMemreserve only checks: see differences 107.
func applyMemreserve(p *parser, v string) *fault {
	if n, _ := atoi(v); n <= 0 {
		return faultf("write kilobytes above 0", "want kilobytes above 0, got [%s]", v)
	}
	number(p, v)
	return nil
}

func applyEnv(p *parser, v string) *fault {
	name, _, hasValue := strings.Cut(v, "=")
	if name == "" {
		return faultf("write NAME=VALUE without blanks", "set_env: invalid nvpair(%s)", v)
	}
	if !hasValue {
		p.warn("write NAME=VALUE", "[%s] has no value, HA_%s is set to nothing", v, v)
		v += "="
	}
	p.cfg.Env = append(p.cfg.Env, v)
	return nil
}
