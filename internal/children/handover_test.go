package children

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

func lines(commands ...string) (all []Program) {
	for _, c := range commands {
		all = append(all, Program{Command: c, Account: Account{Name: "root"}})
	}
	return all
}

// words are actions without their log lines.
func words(actions []Action) (all []string) {
	for _, a := range actions {
		if _, log := a.(Log); !log {
			all = append(all, fmt.Sprintf("%T%v", a, a))
		}
	}
	return all
}

// handed is what a keeper leaves, as it arrives.
func handed(t *testing.T, k *Keeper) (all []Saved) {
	t.Helper()
	saved, begun := k.Save()
	if !begun {
		t.Error("it has not begun")
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestResume: the same line runs on, a line that is gone is ended, a new one is begun, one that was given up stays so,
// and one that pauses goes on pausing.
func TestResume(t *testing.T) {
	before := NewKeeper(lines("stays", "goes", "ended", "pauses", "stays"))
	before.Begin(0)
	for n := range 5 {
		if n == 4 && before.Busy() == "" {
			t.Error("not busy, while a program is being started")
		}
		before.Started(0, n, 100+n)
	}
	before.Ended(time.Second, 2, Ending{Code: neverAgain})
	before.Ended(time.Second, 3, Ending{Code: 1})
	if why := before.Busy(); why != "" {
		t.Errorf("busy: %s", why)
	}
	after := NewKeeper(lines("new", "stays", "ended", "stays", "pauses"))
	adopted, actions := after.Resume(2*time.Second, handed(t, before))
	if want := []Adopted{{1, 100}, {3, 104}, {5, 101}}; !slices.Equal(adopted, want) {
		t.Errorf("adopted %v, want %v", adopted, want)
	}
	if got, want := words(actions), []string{"children.Start{0}", "children.Signal{5 terminated}"}; !slices.Equal(got, want) {
		t.Errorf("actions %v, want %v", got, want)
	}
	if got := words(after.Tick(4 * time.Second)); !slices.Equal(got, []string{"children.Start{4}"}) {
		t.Errorf("after its pause: %v", got)
	}
	if got := words(after.Ended(5*time.Second, 5, Ending{Code: 1})); got != nil {
		t.Errorf("the line that is gone: %v", got)
	}
	if got := words(after.Begin(6 * time.Second)); got != nil {
		t.Errorf("begun twice: %v", got)
	}
}

// TestBereft: the first end after a replacement is that of the connection to the daemon: no young death, and no
// reason to reboot. The second is like any other.
func TestBereft(t *testing.T) {
	programs := lines("client")
	programs[0].Failfast = true
	before := NewKeeper(programs)
	before.Begin(0)
	before.Started(0, 0, 100)
	after := NewKeeper(programs)
	after.Resume(time.Second, handed(t, before))
	if got := words(after.Ended(2*time.Second, 0, Ending{Code: 1})); got != nil {
		t.Errorf("the end of the connection: %v", got)
	}
	if got := words(after.Tick(4 * time.Second)); !slices.Equal(got, []string{"children.Start{0}"}) {
		t.Errorf("it is not started again: %v", got)
	}
	after.Started(4*time.Second, 0, 101)
	saved, _ := after.Save()
	if saved[0].Young != 0 {
		t.Errorf("it has died young %d times", saved[0].Young)
	}
	if got := words(after.Ended(5*time.Second, 0, Ending{Code: 1})); !slices.Equal(got, []string{"children.Reboot{client}"}) {
		t.Errorf("a failure: %v", got)
	}
}

// TestNoReplacementWhileLeaving: programs that are being ended are waited for.
func TestNoReplacementWhileLeaving(t *testing.T) {
	k := NewKeeper(lines("one"))
	if k.Busy() != "" {
		t.Error("busy before the begin")
	}
	if _, begun := k.Save(); begun {
		t.Error("begun before the begin")
	}
	k.Begin(0)
	k.Started(0, 0, 100)
	k.Leave(time.Second)
	if k.Busy() == "" {
		t.Error("not busy while leaving")
	}
}
