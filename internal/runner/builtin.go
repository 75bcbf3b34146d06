package runner

import (
	"bytes"
	"fmt"
	"io"
)

// within does in this process what a script would do. The daemon outlives what goes wrong there.
func within(j job, cmd Command, do Builtin, res *Result) {
	var stdout, both bytes.Buffer
	defer func() {
		if why := recover(); why != nil {
			res.RC, res.Err = rcNotFound, fmt.Errorf("%s: %v", cmd.Line(j.op), why)
		}
		if res.Output = both.String(); j.op != "status" {
			stdout = both
		}
		res.Stdout = stdout.String()
	}()
	res.RC = do(j.op, io.MultiWriter(&stdout, &both), &both)
}
