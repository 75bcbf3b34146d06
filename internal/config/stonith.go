package config

import (
	"slices"
	"strings"
)

// Stonith is the device that resets the other node: what the last directive that is for this host asks for.
type Stonith struct {
	Type  string   // of cluster-glue (external/ipmi), or a fence agent (fence_ipmilan)
	File  string   // stonith: where the parameters are; "" for stonith_host
	Words []string // stonith_host: the parameters. Some may be passwords: never log them
	Where string   // "ha.cf:12"
}

// Agent says that the device is a fence agent and none of cluster-glue's plug-ins.
func (s *Stonith) Agent() bool { return strings.HasPrefix(s.Type, agentPrefix) }

// Program is what is run.
func (s *Stonith) Program() string {
	if s.Agent() {
		return "/usr/sbin/" + s.Type
	}
	return "/usr/sbin/stonith"
}

const agentPrefix = "fence_"

// stonithTypes are the plug-ins of cluster-glue 1.0.12.
var stonithTypes = []string{
	"apcmaster", "apcmastersnmp", "apcsmart", "baytech", "bladehpi", "cyclades", "drac3", "external", "ibmhmc",
	"ipmilan", "meatware", "null", "nw_rpc100s", "rcd_serial", "rhcs", "riloe", "rps10", "ssh", "suicide", "vacm",
	"wti_mpc", "wti_nps",
}

const listTypes = "`stonith -L` lists the types"

// stonithType judges the word. 3.0.6 loads the plug-in, so what is not installed is refused by it too.
func (p *parser) stonithType(name string) *fault {
	family, _, _ := strings.Cut(name, "/")
	agent := strings.HasPrefix(name, agentPrefix)
	switch {
	case name == "":
		return faultf(listTypes, "No Stonith type given")
	case len(name) >= 100:
		return faultf(listTypes, "Stonith type too long")
	case agent && !plainWord(name), !agent && !slices.Contains(stonithTypes, family):
		return faultf(listTypes, "Invalid Stonith type [%s]", name)
	}
	if program := (&Stonith{Type: name}).Program(); !p.host.Path(program).Executable {
		pkg := "cluster-glue"
		if agent {
			pkg = "fence-agents"
		}
		return faultf("install "+pkg+": a takeover would wait for ever without "+program, "Invalid Stonith type [%s]", name)
	}
	return nil
}

// plainWord says that a word can only be the name of a file.
func plainWord(word string) bool {
	for _, r := range word {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

func applyStonith(p *parser, rest string) *fault {
	typ, file := nextWord(rest)
	if f := p.stonithType(typ); f != nil {
		return f
	}
	if file == "" || !p.host.Path(file).Exists {
		return faultf("write stonith TYPE FILE; FILE holds the parameters of the device", "Invalid Stonith config file [%s]", file)
	}
	p.cfg.Stonith = &Stonith{Type: typ, File: file, Where: p.where()}
	return nil
}

// applyStonithHost checks the lines for this host only, as 3.0.6 does.
func applyStonithHost(p *parser, rest string) *fault {
	const hint = "write stonith_host HOST TYPE PARAMETERS; HOST is * or the node the device is attached to"
	host, rest := nextWord(rest)
	if host == "" {
		return faultf(hint, "No Stonith hostname argument given")
	}
	if len(host) >= 100 {
		return faultf(hint, "Stonith hostname too long")
	}
	if !p.fencesFromHere(host) {
		return nil
	}
	typ, params := nextWord(rest)
	if f := p.stonithType(typ); f != nil {
		return f
	}
	device := &Stonith{Type: typ, Words: words(params), Where: p.where()}
	if len(device.Words) == 0 {
		return faultf(hint, "Invalid Stonith configuration parameter [%s]", params)
	}
	for i, w := range device.Words {
		if name, _, ok := strings.Cut(w, "="); device.Agent() && (!ok || name == "") {
			// The word is not quoted: it may be a password.
			return faultf("a fence agent takes NAME=VALUE...", "Invalid Stonith configuration parameter [word %d of %s]", i+1, typ)
		}
	}
	p.cfg.Stonith = device
	return nil
}

func (p *parser) fencesFromHere(rest string) bool {
	host, _ := nextWord(rest)
	return host == "*" || lowerASCII(host) == p.cfg.Self
}

// adviseStonith looks for a node that cannot reset the other, while the other can.
func (p *parser) adviseStonith() {
	if line := p.given["stonith_host"]; line > 0 && p.cfg.Stonith == nil {
		p.advise(haCf, line, "write stonith_host "+p.cfg.Self+" TYPE PARAMETERS, or * where each node reaches the device",
			"no stonith or stonith_host line is for this node: it takes over without fencing")
	}
}
