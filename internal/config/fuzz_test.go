package config

import (
	"strings"
	"testing"
)

// inRange checks what holds for every report: the line exists in the file named.
func inRange(t *testing.T, r Report, files Files) {
	t.Helper()
	data := map[string][]byte{"ha.cf": files.HaCf.Data, "authkeys": files.Authkeys.Data, "haresources": files.Haresources.Data}
	for _, p := range r {
		if p.Line < 1 || p.Line > lastLine(data[p.File]) || p.Text == "" {
			t.Errorf("%s: the file has %d lines", p, lastLine(data[p.File]))
		}
	}
}

func FuzzHaCf(f *testing.F) {
	for _, s := range loadCorpus(f) {
		f.Add(s.files.HaCf.Data)
	}
	for _, c := range directiveCases {
		f.Add([]byte(base + c.line + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := set(string(data))
		cfg, report := Load(files, newHost("n1"))
		inRange(t, report, files)
		if report.Fatal() {
			return
		}
		if len(cfg.Media) == 0 || len(cfg.Nodes) == 0 || len(cfg.Nodes) > 2 || cfg.Keepalive <= 0 || cfg.Deadtime <= 2*cfg.Keepalive ||
			cfg.Initdead < cfg.Deadtime || cfg.Warntime < 0 || cfg.HopFudge < 0 || cfg.HopFudge > 255 || cfg.MaxRexmit <= 0 || cfg.Keys == nil {
			t.Errorf("accepted: %+v", cfg)
		}
		for _, m := range cfg.Media { // what the link layer refuses must not be accepted here
			if err := goodMedium(m); err != "" {
				t.Errorf("accepted medium with %s: %+v", err, m)
			}
		}
		for _, pair := range cfg.Environment(0) {
			if !strings.Contains(pair, "=") || strings.ContainsAny(pair, "\x00\n") {
				t.Errorf("environment %q", pair)
			}
		}
	})
}

func FuzzAuthkeys(f *testing.F) {
	for _, s := range loadCorpus(f) {
		f.Add(s.files.Authkeys.Data)
	}
	f.Add([]byte("auth1\n1sha1 x\n15 crc\n 3 md5 y z\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, problems := ParseAuthkeys("authkeys", data)
		inRange(t, problems, Files{Authkeys: File{Data: data}})
		quotesNothing(t, problems)
		if (keys == nil) == (len(problems) == 0) {
			t.Errorf("keys %v with problems %v", keys, problems)
		}
	})
}

func FuzzHaresources(f *testing.F) {
	for _, s := range loadCorpus(f) {
		f.Add(s.files.Haresources.Data)
	}
	f.Add([]byte("n1 a \\ \r\nn2 b#\\\nc"))
	read := func(data []byte) (Files, *Config, Report) {
		files := set(base + "bcast eth0\n")
		files.Haresources.Data = data
		cfg, report := Load(files, newHost("n1"))
		return files, cfg, report
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, cfg, report := read(data)
		inRange(t, report, files)
		if report.Fatal() {
			return
		}
		var text strings.Builder
		for _, g := range cfg.Groups {
			text.WriteString(g.String() + "\n")
			for _, word := range g.Resources {
				ParseResource(word)
			}
		}
		_, again, report := read([]byte(text.String()))
		if report.Fatal() || len(again.Groups) != len(cfg.Groups) {
			t.Fatalf("%q reads back as %v: %s", text.String(), again.Groups, lines(report))
		}
		for i, g := range cfg.Groups {
			if a := again.Groups[i]; a.String() != g.String() || len(a.Resources) != len(g.Resources) {
				t.Errorf("%q reads back as %q", g, a)
			}
		}
	})
}

func goodMedium(m Medium) string {
	four, six := m.Peer.Is4(), m.Peer.Is6() && !m.Peer.Is4In6()
	host := !m.Peer.IsMulticast() && !m.Peer.IsUnspecified()
	switch {
	case m.Kind == Serial && (!strings.HasPrefix(m.Device, "/") || m.Baud < 9600 || m.Baud > 460800):
		return "no serial line"
	case m.Kind == Serial:
		return ""
	case m.Device == "" || len(m.Device) > 15 || m.Port == 0 || m.TTL < 0 || m.TTL > 4:
		return "no interface, port or ttl"
	case m.Kind == Ucast && !(four && host), m.Kind == Ucast6 && !(six && host):
		return "no host"
	case m.Kind == Mcast && !(four && m.Peer.IsMulticast()), m.Kind == Mcast6 && !(six && m.Peer.IsMulticast()):
		return "no group"
	}
	return ""
}
