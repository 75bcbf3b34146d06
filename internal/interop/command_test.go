package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandRefuses(t *testing.T) {
	for _, args := range []string{
		"--frobnicate", "--workers 0", "--seeds -1", "--pairing X+Y", "--pairing C", "--seed 1 --seeds 5", "--seed 1 --short", "--seed x", "--seed 1 some.txt",
	} {
		var out, errs strings.Builder
		if code := Command(strings.Fields(args), &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %q", args, code, &errs)
		}
	}
}

func TestCommandHelp(t *testing.T) {
	var out, errs strings.Builder
	if code := Command([]string{"--help"}, &out, &errs); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{"usage: lab interop", "--seeds", "--seed", "--first-seed", "--only", "--pairing", "--workers", "--short", "--results", "--show", "--heartbeatd"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("no %s in\n%s", want, &errs)
		}
	}
}

func TestCommandChooses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crash-one.txt": shortest, "crash-two.txt": shortest, "stop.txt": shortest,
		"short.txt": "# the short set\nstop\n\ncrash-two # why\n", "lines.txt": "no scenario",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]string{
		"--seeds 0":                        "crash-one crash-two stop",
		"--seeds 2":                        "crash-one crash-two stop seed-1 seed-2",
		"--seeds 2 --first-seed 40":        "crash-one crash-two stop seed-40 seed-41",
		"--seed 17":                        "seed-17",
		"--seed 0":                         "seed-0",
		"--only crash-*":                   "crash-one crash-two",
		"--only - --seeds 1":               "seed-1",
		"--only nothing":                   "",
		"--short":                          "seed-1 seed-2 stop crash-two",
		filepath.Join(dir, "stop.txt"):     "stop",
		filepath.Join(dir, "not-here.txt"): "error",
		"--only [":                         "error",
	}
	for args, want := range tests {
		var errs strings.Builder
		o, err := parse(strings.Fields(args), &errs)
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		scripts, err := o.scripts(dir)
		var names []string
		for _, s := range scripts {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); want == "error" && err == nil || want != "error" && (err != nil || got != want) {
			t.Errorf("%s: %q %v, want %q", args, got, err, want)
		}
	}
	if o, _ := parse(nil, os.Stderr); o.seeds != 100 {
		t.Errorf("%d seeds without arguments, want 100", o.seeds)
	}
}

// TestShortSetIsThere: a scenario that was renamed must not drop out of CI unnoticed, nor one of the
// files of testdata/interop be unreadable.
func TestShortSetIsThere(t *testing.T) {
	const dir = "../../testdata/interop"
	all, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	short, err := Short(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(short) < 12 || len(all) < len(short) {
		t.Errorf("%d of %d scenarios", len(short), len(all))
	}
}

func TestCommandPairing(t *testing.T) {
	for word, want := range map[string]string{"": "[C+H H+C H+H]", "c+h": "[C+H]", "H+H": "[H+H]", "C+C": "[C+C]"} {
		got, err := (&options{pairing: word}).pairings()
		if text := pairingList(got); err != nil || text != want {
			t.Errorf("%s: %s %v, want %s", word, text, err, want)
		}
	}
}

func pairingList(all []Pairing) string {
	var words []string
	for _, p := range all {
		words = append(words, p.String())
	}
	return "[" + strings.Join(words, " ") + "]"
}

func TestCommandHelpTellsHowLong(t *testing.T) {
	var out, errs strings.Builder
	Command([]string{"--help"}, &out, &errs)
	if !strings.Contains(errs.String(), "about 20 minutes") {
		t.Errorf("got\n%s", &errs)
	}
}

func TestEverything(t *testing.T) {
	for args, want := range map[string]bool{
		"": true, "--workers 4": true, "--only x": false, "--seed 1": false, "--seeds 2": false, "--first-seed 40": false, "--short": false, "mine.txt": false,
	} {
		o, err := parse(strings.Fields(args), os.Stderr)
		if err != nil || o.everything() != want {
			t.Errorf("%s: %v, want %v", args, err, want)
		}
	}
}

func TestNeedsRoot(t *testing.T) {
	for _, test := range []struct {
		uid    int
		uidMap string
		refuse bool
	}{
		{0, "         0          0 4294967295\n", false},
		{0, "0 100000 65536\n", false},
		{0, "0 1000 1\n", true}, // a plain user in the lab's namespace
		{1000, "0 0 4294967295\n", true},
	} {
		if err := needsRoot(test.uid, test.uidMap); (err != nil) != test.refuse {
			t.Errorf("user %d, %q: %v", test.uid, test.uidMap, err)
		}
	}
}

// TestResultsMustBeWritable: nobody wants to hear it after 20 minutes.
func TestResultsMustBeWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/results"} {
		if err := writable(dir); err == nil {
			t.Errorf("%s: not refused", dir)
		}
		var out, errs strings.Builder
		if code := Command([]string{"--results", dir, "--only", "-"}, &out, &errs); code != 2 || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%s: exit %d, %q", dir, code, &errs)
		}
	}
	dir := filepath.Join(t.TempDir(), "new", "results")
	if err := writable(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestFilesAreNamedAsGiven: in what is wrong with them, in faults, and in what plays them again.
func TestFilesAreNamedAsGiven(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("play", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"mine": shortest, "seed-17": shortest, "bad": "group node1 web\ncut node1 2\nsettle\n"} {
		if err := os.WriteFile("play/"+name+".txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"mine", "seed-17"} {
		file := "play/" + name + ".txt"
		all, err := (&options{files: []string{file}}).scripts("")
		if err != nil {
			t.Fatal(err)
		}
		s := all[0]
		if s.Name != name || Again(s) != "bin/lab interop "+file || seeded(s) {
			t.Errorf("%s: %s, again: %s", file, s.Name, Again(s))
		}
		var out strings.Builder
		Verdict{Script: s, Faults: []Difference{{Line: 3, Pairing: Pairing{C, H}, What: "owner:web", Text: "x"}, {Pairing: Pairing{H, H}, What: "env:node1", Text: "y"}}}.Explain(&out)
		for _, want := range []string{file + ":3: C+H, owner:web: x\n", file + ": H+H, env:node1: y\n", "again: bin/lab interop " + file + "\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
	}
	_, err := (&options{files: []string{"play/bad.txt"}}).scripts("")
	if err == nil || !strings.HasPrefix(err.Error(), "play/bad.txt:2: cut node1 2: ") {
		t.Errorf("got %v", err)
	}
}
