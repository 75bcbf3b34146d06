package config

import (
	"strings"

	"heartbeatd/internal/auth"
)

// Load reads the three files for a machine. 3.0.6 stops at the first stage with an error; this
// reports all stages, and the verdict is the same. The Config is fit to run only if the report is
// not fatal; it is never nil.
func Load(files Files, host Host) (*Config, Report) {
	p := &parser{
		host: host, cfg: &Config{}, given: map[string]int{}, bad: map[string]bool{},
		clients: map[string]bool{},
	}
	p.defaults(files.Dir, selfName(files.Nodeinfo, host))
	readable := p.loadHaCf(files)
	keys, problems := LoadAuthkeys(files.named(files.Authkeys, authkeys))
	p.cfg.Keys = keys
	p.rep = append(p.rep, problems...)
	if readable {
		p.cross()
	}
	p.loadHaresources(files)
	p.advice()
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
	f := files.named(files.HaCf, haCf)
	if f.State != Present {
		p.rep = append(p.rep, unreadable(haCf, f, "Cannot open config file ["+f.Path+"]", sampleHint(haCf, f.Path)))
		return false
	}
	p.parse(f.Data)
	return true
}

// named is a file with its path.
func (f Files) named(file File, name string) File {
	if file.Path == "" {
		file.Path = strings.TrimSuffix(f.Dir, "/") + "/" + name
	}
	return file
}

func sampleHint(name, path string) string {
	return "copy the annotated sample " + docDir + "/" + name + " to " + path + ", read it, customize it"
}

// LoadAuthkeys judges authkeys as a start does: is it there, who may read it, what it says. The
// keys are nil if the report is fatal.
func LoadAuthkeys(f File) (*auth.Keys, Report) {
	if f.State != Present {
		return nil, Report{unreadable(authkeys, f, "Cannot open keyfile ["+f.Path+"]", sampleHint(authkeys, f.Path))}
	}
	keys, problems := ParseAuthkeys(authkeys, f.Data)
	var report Report
	mode := Problem{File: authkeys, Line: 1, Hint: "chmod 600 " + f.Path}
	switch {
	case f.Mode&0o044 != 0:
		mode.Level, mode.Text = Error, "Bad permissions on keyfile ["+f.Path+"], 600 recommended."
		keys, report = nil, append(report, mode)
	case f.Mode&0o022 != 0:
		mode.Level, mode.Text = Warning, "others than the owner may write to ["+f.Path+"]"
		report = append(report, mode)
	}
	return keys, append(report, problems...)
}
