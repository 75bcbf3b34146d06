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
