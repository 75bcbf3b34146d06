package config

import "strings"

// Load reads the three files for a machine. 3.0.6 stops at the first stage with an error; this
// reports all stages, and the verdict is the same. The Config is fit to run only if the report is
// not fatal; it is never nil.
func Load(files Files, host Host) (*Config, Report) {
	p := &parser{
		host: host, cfg: &Config{}, given: map[string]int{}, bad: map[string]bool{},
		idle: map[int]bool{}, clients: map[string]bool{},
	}
	p.defaults(files.Dir, selfName(files.Nodeinfo, host))
	readable := p.loadHaCf(files)
	p.loadAuthkeys(files)
	if readable {
		p.cross()
	}
	p.loadHaresources(files)
	return p.cfg, p.rep
}

// selfName is the first word of nodeinfo, else uname -n, lower case.
func selfName(nodeinfo File, host Host) string {
	if nodeinfo.State == Present {
		if name, _ := nextWord(string(nodeinfo.Data)); name != "" {
			return lowerASCII(name)
		}
	}
	return lowerASCII(host.Nodename())
}

func (p *parser) loadHaCf(files Files) bool {
	if files.HaCf.State != Present {
		p.rep = append(p.rep, unreadable(haCf, files.HaCf,
			"Cannot open config file ["+files.path(haCf)+"]", sampleHint(files, haCf)))
		return false
	}
	p.parse(files.HaCf.Data)
	return true
}

func (f Files) path(name string) string { return strings.TrimSuffix(f.Dir, "/") + "/" + name }

func sampleHint(files Files, name string) string {
	return "copy the annotated sample /usr/share/doc/heartbeatd/" + name + " to " + files.path(name) + ", read it, customize it"
}

func (p *parser) loadAuthkeys(files Files) {
	f := files.Authkeys
	path := files.path(authkeys)
	if f.State != Present {
		p.rep = append(p.rep, unreadable(authkeys, f, "Cannot open keyfile ["+path+"]", sampleHint(files, authkeys)))
		return
	}
	if f.Mode&0o044 != 0 {
		p.rep = append(p.rep, Problem{File: authkeys, Line: 1, Level: Error, Hint: "chmod 600 " + path,
			Text: "Bad permissions on keyfile [" + path + "], 600 recommended."})
	} else if f.Mode&0o022 != 0 {
		p.rep = append(p.rep, Problem{File: authkeys, Line: 1, Level: Warning, Hint: "chmod 600 " + path,
			Text: "others than the owner may write to [" + path + "]"})
	}
	keys, problems := ParseAuthkeys(authkeys, f.Data)
	p.cfg.Keys = keys
	p.rep = append(p.rep, problems...)
}
