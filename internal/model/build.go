package model

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Verifier is the built model. One program checks after every step (properties 1 and 2), the other
// looks for endless executions (3 to 5).
type Verifier struct {
	safety, liveness string
}

// Missing names the program without which the model cannot be checked; "" if there is none.
func Missing() string {
	for _, name := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// Build makes the verifier of the model, the file with init, in a directory of its own. It will not use more than so many
// megabytes.
func Build(ctx context.Context, model, dir string, memory int) (*Verifier, error) {
	source, err := filepath.Abs(model)
	if err != nil {
		return nil, err
	}
	if err := command(ctx, dir, "spin", "-a", source); err != nil {
		return nil, err
	}
	limit := "-DMEMLIM=" + strconv.Itoa(memory)
	v := &Verifier{filepath.Join(dir, "safety"), filepath.Join(dir, "liveness")}
	// COLLAPSE stores each part of a state once; nothing is left out. BITSTATE and hash compaction are.
	if err := command(ctx, dir, "gcc", "-O1", limit, "-DCOLLAPSE", "-DSAFETY", "-DNOCLAIM", "-o", v.safety, "pan.c"); err != nil {
		return nil, err
	}
	if err := command(ctx, dir, "gcc", "-O1", limit, "-DCOLLAPSE", "-o", v.liveness, "pan.c"); err != nil {
		return nil, err
	}
	return v, nil
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
