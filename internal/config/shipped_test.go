package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSamples reads the files that are installed as samples: they are accepted as they are.
func TestSamples(t *testing.T) {
	load := func(uncomment bool) (*Config, Report) {
		text := func(name string) string {
			s := readFile(t, "etc/ha.d/"+name)
			if uncomment {
				s = withExamples(s)
			}
			return s
		}
		files := set(text("ha.cf"))
		files.Authkeys.Data = []byte(readFile(t, "etc/ha.d/authkeys"))
		files.Haresources.Data = []byte(text("haresources"))
		return Load(files, newHost("node1"))
	}
	cfg, report := load(false)
	compare(t, lines(report), "")
	if len(cfg.Nodes) != 2 || len(cfg.Media) != 1 || cfg.Keys == nil || len(cfg.Groups) != 0 {
		t.Errorf("sample: %+v", cfg)
	}
	cfg, report = load(true)
	compare(t, lines(report), "")
	if len(cfg.Media) != 4 || len(cfg.Groups) != 2 || len(cfg.Groups[1].Resources) != 3 || cfg.Log.DebugFile == "" {
		t.Errorf("sample with its examples: %+v", cfg)
	}
}

// withExamples removes the comment sign of the lines that are examples.
func withExamples(text string) string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		rest := strings.TrimPrefix(line, "#")
		word, _ := nextWord(rest)
		glued := rest != line && rest != "" && !strings.HasPrefix(rest, " ")
		switch {
		case glued && byName[word] != nil:
			line = rest
		case strings.HasPrefix(line, "# node1 10.") || strings.HasPrefix(line, "# node2 10.") || strings.HasPrefix(line, "#       Filesystem") ||
			strings.HasPrefix(line, "#       nfs"):
			line = rest
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// TestManPage wants an entry for every directive with its type, default, range and repetition, and
// none for anything else.
func TestManPage(t *testing.T) {
	plain := func(s string) string { return strings.ReplaceAll(s, `\-`, "-") }
	page := plain(readFile(t, "docs/man/ha.cf.5"))
	_, page, found := strings.Cut(page, ".SH DIRECTIVES\n")
	page, _, ended := strings.Cut(page, ".SH FILES\n")
	if !found || !ended {
		t.Fatal("no section DIRECTIVES")
	}
	entries := map[string]string{}
	for _, e := range strings.Split(page, ".TP\n")[1:] {
		name, body, _ := strings.Cut(strings.TrimPrefix(e, ".BI "), " ")
		entries[name] = strings.Join(strings.Fields(body), " ")
	}
	for _, d := range directives {
		entry := entries[d.Name]
		delete(entries, d.Name)
		def := d.Default
		if def == "" {
			def = "none"
		}
		want := []string{"\" " + d.Type + "\" ", "Default: " + def + ".", "Repeated: " + d.Repeat + "."}
		if d.Range != "" {
			want = append(want, "Range: "+d.Range+".")
		}
		for _, w := range want {
			if !strings.Contains(entry, w) {
				t.Errorf("%s: the page lacks %q", d.Name, w)
			}
		}
	}
	for name := range entries {
		t.Errorf("the page has %s, which is no directive", name)
	}
}

// TestManExamples runs the examples of the three pages.
func TestManExamples(t *testing.T) {
	example := func(page string) string {
		_, text, _ := strings.Cut(readFile(t, "docs/man/"+page), ".SH EXAMPLES\n.EX\n")
		text, _, ok := strings.Cut(text, ".EE\n")
		if !ok {
			t.Fatalf("%s has no example", page)
		}
		return strings.NewReplacer(`\-`, "-", `\e`, `\`).Replace(text)
	}
	files := set(example("ha.cf.5"))
	files.Authkeys.Data = []byte(example("authkeys.5"))
	files.Haresources.Data = []byte(example("haresources.5"))
	cfg, report := Load(files, newHost("web1"))
	compare(t, lines(report), "")
	if len(cfg.Groups) != 2 || len(cfg.Groups[1].Resources) != 3 || len(cfg.Media) != 3 {
		t.Errorf("%+v", cfg)
	}
}
