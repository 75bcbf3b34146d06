package mutate

// A testCase is one test, or one part of one, that can be run by itself.
type testCase struct {
	Test    string
	Run     string // pattern of -test.run; empty: all of the test
	Steps   int    // how often it came by a mutant, without one
	Reached []byte // by mutant
}

// plan is what a test program is to do: without Mutants, to run each case and say what it reaches.
type plan struct {
	Cases   []testCase
	Mutants []int
	Out     string // lines of answers, or the cases as JSON
}

// serverText is the TestMain of each layer. Test programs are not started anew for each mutant: on a busy
// machine that takes longer than the tests. Each case runs by itself, those first that reach the least,
// until one fails. A mutant that ends the program, by a panic or because it hangs, is the one whose
// beginning was the last line.
const serverText = `package %[1]s

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"sort"
	"testing"
%[2]s)

type mutantCase struct {
	Test    string
	Run     string
	Steps   int
	Reached []byte
}

type mutantPlan struct {
	Cases   []mutantCase
	Mutants []int
	Out     string
}

var mutantTests = []testing.InternalTest{
%[3]s}

func TestMain(m *testing.M) {
	rc := m.Run() // of no test: it reads the flags
	if rc == 0 {
		rc = mutantServe()
	}
	os.Exit(rc)
}

func mutantServe() int {
	text, err := os.ReadFile(os.Getenv("MUTANT_PLAN"))
	var p mutantPlan
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		fmt.Println(err)
		return 2
	}
	if len(p.Mutants) == 0 {
		return mutantReach(p)
	}
	out, err := os.OpenFile(p.Out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	size := map[string]int{}
	for _, c := range p.Cases {
		for _, b := range c.Reached {
			size[c.Test+c.Run] += int(b)
		}
	}
	sort.SliceStable(p.Cases, func(i, j int) bool {
		return size[p.Cases[i].Test+p.Cases[i].Run] < size[p.Cases[j].Test+p.Cases[j].Run]
	})
	for _, id := range p.Mutants {
		fmt.Fprintln(out, "begin", id)
		word := "survived"
		for _, c := range p.Cases {
			if c.Reached[id] != 0 && !mutantRun(c, id, 40*c.Steps+1000000) {
				word = "killed"
				break
			}
		}
		fmt.Fprintln(out, word, id)
	}
	return 0
}

func mutantReach(p mutantPlan) int {
	for i := range p.Cases {
		c := &p.Cases[i]
		if !mutantRun(*c, 0, 0) {
			fmt.Println(c.Test, c.Run, "fails without a mutant")
			return 2
		}
		c.Reached, c.Steps = %[4]sMutantSeen()
	}
	text, err := json.Marshal(p.Cases)
	if err == nil {
		err = os.WriteFile(p.Out, text, 0o600)
	}
	if err != nil {
		fmt.Println(err)
		return 2
	}
	return 0
}

func mutantRun(c mutantCase, id, budget int) bool {
	flag.Set("test.run", c.Run)
	for _, t := range mutantTests {
		if t.Name == c.Test {
			%[4]sMutantSet(id, budget)
			return testing.RunTests(regexp.MatchString, []testing.InternalTest{t})
		}
	}
	return false
}
`
