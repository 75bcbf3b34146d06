package mutate

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// layer is a set of pure tests. Layers are played in order, up to the first that notices.
type layer struct {
	name  string
	pkg   string         // below the root of the module
	tests *regexp.Regexp // which of its tests
	not   *regexp.Regexp // and which not; nil: all
	parts func(root string) ([]string, error)
	extra string // a test that the package does not have
}

// layers are what is played, what is quick first. A layer whose package is not there is left out.
var layers = []layer{
	{name: "units", pkg: target, tests: regexp.MustCompile("^Test"), not: regexp.MustCompile("^(TestAnyMessages|TestPurity)")},
	{name: "scenarios", pkg: "internal/scenario", tests: regexp.MustCompile("^TestScenarios$"), parts: scripts},
	{name: "messages", pkg: target, tests: regexp.MustCompile("^TestAnyMessages$")},
	{name: "simulation", pkg: "internal/simulate", tests: regexp.MustCompile("^TestMutant$"), parts: seeds, extra: simulationTest},
}

// scripts are the scenarios.
func scripts(root string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(root, "testdata/scenarios/*.txt"))
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	return names, err
}

// simulated is how many times ten lives are played for a mutant that nothing else notices.
const simulated = 6

func seeds(string) (names []string, err error) {
	for n := range simulated {
		names = append(names, fmt.Sprint(10*n))
	}
	return names, nil
}

// simulationTest plays lives, ten at a time, up to the first that breaks a guarantee.
const simulationTest = `
func TestMutant(t *testing.T) {
	for n := range 6 {
		t.Run(fmt.Sprint(10*n), func(t *testing.T) {
			if Command([]string{"--seeds", "10", "--first-seed", fmt.Sprint(10*n), "--workers", "1", "--faults", "1"}, os.Stdout, os.Stderr) != 0 {
				t.Fatal("a guarantee is broken")
			}
		})
	}
}
`

var testFunc = regexp.MustCompile(`(?m)^func (Test[A-Z0-9]\w*)\(\w+ \*testing\.T\)`)

// names are the tests of the layer's package, without those that have a build tag.
func (l layer) names(root string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, l.pkg, "*_test.go"))
	if err != nil {
		return nil, err
	}
	texts := []string{l.extra}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(text), "//go:build") && strings.Contains(string(text), "\npackage "+path.Base(l.pkg)+"\n") ||
			strings.HasPrefix(string(text), "package "+path.Base(l.pkg)+"\n") {
			texts = append(texts, string(text))
		}
	}
	var names []string
	for _, m := range testFunc.FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		names = append(names, m[1])
	}
	return names, nil
}

// cases are what of the layer can be run by itself.
func (l layer) cases(root string) (list []testCase, err error) {
	names, err := l.names(root)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if !l.tests.MatchString(n) || l.not != nil && l.not.MatchString(n) {
			continue
		}
		if l.parts == nil {
			list = append(list, testCase{Test: n})
			continue
		}
		parts, err := l.parts(root)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			list = append(list, testCase{Test: n, Run: "^" + n + "$/^" + regexp.QuoteMeta(p) + "$"})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no test in %s matches %s", l.pkg, l.tests)
	}
	return list, nil
}

// server is the file that makes the layer's test program play plans.
func (l layer) server(root string) (string, error) {
	names, err := l.names(root)
	if err != nil {
		return "", err
	}
	imports, call, list := "\n\t\"heartbeatd/"+target+"\"\n", "core.", ""
	if l.pkg == target {
		imports, call = "", ""
	}
	for _, n := range names {
		list += fmt.Sprintf("\t{Name: %q, F: %s},\n", n, n)
	}
	return fmt.Sprintf(serverText, path.Base(l.pkg), imports, list, call) + l.extra, nil
}

// overlay writes the copy of the target, and what makes each layer's tests play plans, into work, and
// returns the file that tells the go command of them.
func overlay(root, work string, in *instrumented) (string, error) {
	replace := map[string]string{}
	put := func(at, name, text string) error {
		replace[at] = filepath.Join(work, name)
		return os.WriteFile(replace[at], []byte(text), 0o600)
	}
	for name, text := range in.files {
		if err := put(filepath.Join(root, target, name), name, text); err != nil {
			return "", err
		}
	}
	for _, l := range layers {
		if !l.there(root) {
			continue
		}
		text, err := l.server(root)
		if err != nil {
			return "", err
		}
		if err := put(filepath.Join(root, l.pkg, "mutant_main_test.go"), path.Base(l.pkg)+"_main_test.go", text); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// there says whether the module has the layer's package.
func (l layer) there(root string) bool {
	files, _ := filepath.Glob(filepath.Join(root, l.pkg, "*.go"))
	return len(files) > 0
}

func (l layer) program(work string) string { return filepath.Join(work, path.Base(l.pkg)+".test") }

// build compiles the test program of a layer, unless it is there from another one.
func (l layer) build(ctx context.Context, root, work, overlayFile string) error {
	if _, err := os.Stat(l.program(work)); err == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", l.program(work), "./"+l.pkg)
	cmd.Dir, cmd.Env = root, buildEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the tests of %s with mutants in it: %w\n%s", l.pkg, err, out)
	}
	return nil
}
