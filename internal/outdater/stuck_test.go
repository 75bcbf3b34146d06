package outdater

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestOutdateCannotBeKilled: one that DRBD holds in the kernel is not waited for, or who asks would hear nothing, and
// take this node for dead; there is no second one for its resource until it is gone.
func TestOutdateCannotBeKilled(t *testing.T) {
	t.Parallel()
	d := drbdadm(t, "echo something; [ $2 = r1 ]")
	held := make(chan struct{})
	stuck := d
	stuck.Limit, stuck.Marking = 100*time.Millisecond, &Marking{}
	stuck.wait = func(cmd *exec.Cmd) error {
		<-held
		return cmd.Wait()
	}
	if _, _, err := stuck.Outdate(context.Background(), "r0"); err == nil || err.Error() != "not ended within 100ms, and cannot be killed" {
		t.Errorf("%v", err)
	}
	if _, err := stuck.Resources(context.Background(), false); err == nil {
		t.Error("resources are known")
	}
	d.Marking = stuck.Marking
	if _, _, err := d.Outdate(context.Background(), "r0"); !errors.Is(err, errEarlier) {
		t.Errorf("another one for the same resource: %v", err)
	}
	if status, _, err := d.Outdate(context.Background(), "r1"); status != 0 || err != nil {
		t.Errorf("another resource: %d, %v", status, err)
	}
	close(held)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if status, _, err := d.Outdate(context.Background(), "r0"); status == 1 && err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("when it is gone: %d, %v", status, err)
		}
	}
}

// TestMarkingIsBounded, and what ended or was not started counts no more.
func TestMarkingIsBounded(t *testing.T) {
	m := &Marking{}
	for n := range 2 * mostMarking {
		if err := m.begin(strings.Repeat("r", n+1)); (err == nil) != (n < mostMarking) {
			t.Errorf("number %d: %v", n, err)
		}
	}
	d := Drbdadm{Program: "/nosuch/drbdadm", Marking: &Marking{}}
	for range 2 {
		if _, _, err := d.Outdate(context.Background(), "r0"); err == nil || errors.Is(err, errEarlier) {
			t.Errorf("%v", err)
		}
	}
}
