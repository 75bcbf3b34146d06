package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const corpusDir = "../../testdata/corpus"

// differs lists the sets whose verdict is not that of 3.0.6, with the reason.
var differs = map[string]string{
	"03-nfs-drbd-ipfail-old-path": "respawn of ipfail at the path of another distribution is accepted: the daemon does " +
		"its work, and such files are what sites bring along; 3.0.6 of this build refuses the path",
}

// reworded maps ERROR lines of 3.0.6 to what stands for them here, where our wording is another. A
// line mapped to "" is general talk behind the real errors.
var reworded = map[string]string{
	"Heartbeat not started: configuration error.":             "",
	"Configuration error, heartbeat not started.":             "",
	"Authentication configuration error.":                     "",
	"Auth Key [1] not found in keyfile [/etc/ha.d//authkeys]": "Auth Key [1] not found in keyfile",
	"Consider converting to 'auto_failback on'.":              "Consider converting to 'auto_failback on'.",
	"See documentation for details.":                          "",
}

// inPath is how 3.0.6 says which file it means; here the message begins with it.
var inPath = regexp.MustCompile(` in /etc/ha\.d//[a-z.]+`)

type corpusSet struct {
	name   string
	files  Files
	host   *fakeHost
	exit   int
	errors []string // ERROR lines, and the texts without a level that stand for one
}

// loadCorpus fails if sets are missing: a test over nothing proves nothing.
func loadCorpus(t testing.TB) []corpusSet {
	t.Helper()
	verdicts, err := filepath.Glob(filepath.Join(corpusDir, "*", "verdict.txt"))
	if err != nil || len(verdicts) < 15 {
		t.Fatalf("%d sets in %s, want 15 or more (%v)", len(verdicts), corpusDir, err)
	}
	var out []corpusSet
	for _, path := range verdicts {
		out = append(out, loadSet(t, filepath.Dir(path)))
	}
	return out
}

func loadSet(t testing.TB, dir string) corpusSet {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s := corpusSet{name: filepath.Base(dir), exit: -1, files: Files{
		Dir:         "/etc/ha.d",
		HaCf:        File{State: Present, Data: read("ha.cf"), Mode: 0o644},
		Authkeys:    File{State: Present, Data: read("authkeys"), Mode: 0o600},
		Haresources: File{State: Present, Data: read("haresources"), Mode: 0o644},
	}}
	for line := range strings.Lines(string(read("verdict.txt"))) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "host map":
			// The set's own name of the host it was started on: "web1=node1 web2=node2".
			for pair := range strings.FieldsSeq(value) {
				if name, ok := strings.CutSuffix(pair, "=node1"); ok {
					s.host = newHost(name)
				}
			}
		case "exit":
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatalf("%s: exit %q", s.name, value)
			}
			s.exit = n
		}
		if strings.HasPrefix(line, "first lines of") {
			break
		}
		if _, text, ok := strings.Cut(line, "ERROR: "); ok {
			s.errors = append(s.errors, text)
		}
		if strings.HasPrefix(line, "Warn time") {
			s.errors = append(s.errors, line)
		}
	}
	if s.host == nil || s.exit < 0 {
		t.Fatalf("%s: verdict.txt lacks host map or exit", s.name)
	}
	return s
}

func TestCorpusVerdict(t *testing.T) {
	used := map[string]bool{}
	for _, s := range loadCorpus(t) {
		t.Run(s.name, func(t *testing.T) {
			_, report := Load(s.files, s.host)
			same := report.ExitCode() == s.exit
			reason, excepted := differs[s.name]
			used[s.name] = excepted
			switch {
			case excepted && same:
				t.Errorf("the exception is not needed any more: %s", reason)
			case !excepted && !same:
				t.Errorf("exit %d, 3.0.6 %d\n%s", report.ExitCode(), s.exit, lines(report))
			case !excepted:
				wantWording(t, s, report)
			}
		})
	}
	for name := range differs {
		if !used[name] {
			t.Errorf("the exception for %s is about no set", name)
		}
	}
}

// wantWording looks for each ERROR text of 3.0.6 in our report.
func wantWording(t *testing.T, s corpusSet, report Report) {
	t.Helper()
	all := strings.Join(report.Lines(), "\n")
	for _, text := range s.errors {
		want, other := reworded[text]
		if !other {
			want = inPath.ReplaceAllString(text, "")
		}
		if !strings.Contains(all, want) {
			t.Errorf("3.0.6 says %q; our report:\n%s", text, all)
		}
	}
}

// TestCorpusSilentErrors: where 3.0.6 refuses without a word, ours names line and value.
func TestCorpusSilentErrors(t *testing.T) {
	want := map[string]string{
		"14-units": "error ha.cf:5: initdead: " + wantTime + "[0.5e1]",
		"15-seconds-suffix": "error ha.cf:2: keepalive: " + wantTime + "[2s]\n" +
			"error ha.cf:3: deadtime: " + wantTime + "[30s]\n" +
			"error ha.cf:4: warntime: Warn time [10s] is invalid.\n" +
			"error ha.cf:5: initdead: " + wantTime + "[120s]",
		"13-name-mismatch": "error haresources:1: Bad nodename [lisa]",
		"11-crc-with-remark": "error authkeys:2: Auth method [crc] doesn't use a key\n" +
			"error authkeys:1: Auth Key [1] not found in keyfile",
		"09-odd-spacing": "error ha.cf:3: Illegal directive [deadtime,5]",
	}
	for _, s := range loadCorpus(t) {
		text, ok := want[s.name]
		if !ok {
			continue
		}
		delete(want, s.name)
		_, report := Load(s.files, s.host)
		var errors Report
		for _, p := range report {
			if p.Level == Error {
				errors = append(errors, p)
			}
		}
		compare(t, lines(errors), text)
	}
	for name := range want {
		t.Errorf("set %s is not there", name)
	}
}
