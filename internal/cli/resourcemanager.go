package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/runner"
)

// rscHeld and rscFree are what `ResourceManager status` says.
const (
	rscHeld = 0
	rscFree = 3
)

// resourceManager is the program ResourceManager of 3.0.6, by which its scripts move groups. Here the daemon does,
// and this program moves nothing while it runs: two who move the same group are one too many.
type resourceManager struct {
	machine
	called         string
	dir, initDir   string
	env            func(string) string
	lines          []string // haresources, a blank between any two words and behind the last
	stdout, stderr io.Writer
	log            *scriptLog
	retry          func() // the pause between two attempts to stop
}

func resourceManagerFace(called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	m := thisMachine()
	r := &resourceManager{
		machine: m, called: scriptPath("ResourceManager", called), dir: "/etc/ha.d", initDir: "/etc/init.d",
		env: os.Getenv, stdout: stdout, stderr: stderr, log: m.scriptLog("ResourceManager", os.Getenv, stderr), retry: stopPause,
	}
	defer r.log.close()
	return r.run(args)
}

// scriptPath is what $0 was in the scripts of 3.0.6.
func scriptPath(name, called string) string {
	if strings.HasPrefix(called, "/") {
		return called
	}
	return "/usr/share/heartbeat/" + name
}

func (r *resourceManager) run(args []string) int {
	args = append(args, "", "")
	r.read()
	switch word := args[1]; args[0] {
	case "listkeys":
		r.print(r.grep("^"+word+" ", true, false), 1, 2)
	case "allkeys":
		r.print(r.grep("^.* ", true, false), 1, 2)
	case "ourkeys":
		r.print(r.grep("^"+r.curhost()+" ", true, false), 1, -1)
	case "otherkeys":
		r.print(r.grep("^"+r.curhost()+" ", true, true), 1, -1)
	case "status":
		if !r.held(word) {
			return rscFree
		}
	case "statgroup":
		r.toDebugLog(r.groupState(word))
	case "verifyallidle":
		return r.verifyAllIdle()
	case "takegroup":
		return r.takeGroup(word)
	case "givegroup":
		return r.giveGroup(word)
	default:
		fmt.Fprintf(r.stderr, "usage: %s listkeys machine | takegroup key | givegroup key|status resource\n\n", r.called)
		return exitFailed
	}
	return exitOK
}

// curhost is this node. Scripts of the daemon are told; 3.0.6 knows none for who calls it from a shell.
func (r *resourceManager) curhost() string {
	if host := r.env("HA_CURHOST"); host != "" {
		return host
	}
	return r.node()
}

// read is the text that 3.0.6 makes of haresources. Without the file there is none.
func (r *resourceManager) read() {
	files, err := confhost.Read(r.dir)
	if err != nil {
		return
	}
	for _, g := range config.Groups(files.Haresources.Data) {
		r.lines = append(r.lines, strings.Join(append([]string{g.Home}, g.Resources...), " ")+" ")
	}
}

// grep is egrep.
func (r *resourceManager) grep(pattern string, anyCase, not bool) (found []string) {
	flags := ""
	if anyCase {
		flags = "(?i)"
	}
	re, err := regexp.Compile(flags + pattern)
	if err != nil {
		fmt.Fprintf(r.stderr, "%s: %v\n", r.called, err)
		return nil
	}
	for _, line := range r.lines {
		if re.MatchString(line) != not {
			found = append(found, line)
		}
	}
	return found
}

// print is cut -d' ' -f, from one word to another.
func (r *resourceManager) print(lines []string, from, to int) {
	for _, line := range lines {
		words := strings.Split(line, " ")
		if to < 0 {
			words = words[from:]
		} else {
			words = words[from:min(to, len(words))]
		}
		fmt.Fprintln(r.stdout, strings.Join(words, " "))
	}
}

// group is the line with that word in it: node and resources. 3.0.6: of any place in the line, as a pattern.
func (r *resourceManager) group(key string) []string {
	if key == "" {
		return nil
	}
	lines := r.grep(" "+key+" ", false, false)
	if len(lines) == 0 {
		return nil
	}
	return strings.Fields(lines[0])
}

// held asks the resource's script whether it runs here, as the daemon does.
func (r *resourceManager) held(word string) bool {
	res := r.script(word, "status")
	return res.Err == nil && core.Held(res.RC, res.Stdout)
}

// script runs a resource's script to its end.
func (r *resourceManager) script(word, op string) runner.Result {
	done := make(chan runner.Result, 1)
	wd, err := os.Getwd()
	if err != nil {
		wd = "/"
	}
	run := runner.New(runner.Config{
		EtcDir: r.dir, InitDir: r.initDir, WorkDir: wd, Env: r.environment(),
		Done:   func(res runner.Result) { done <- res },
		Script: func(text string) { r.log.say("%s", text) },
		Starting: func(_ uint64, cmd runner.Command, op string) {
			if op != core.Status.String() {
				r.log.say("info: Running %s", cmd.Running(op))
			}
		},
	})
	run.Start(1, word, op)
	res := <-done
	if op != core.Status.String() {
		r.toDebugLog(strings.TrimRight(res.Output, "\n"))
	}
	return res
}

// environment is what scripts get of shellfuncs, who calls this program from a shell: nothing of ha.cf. What is there already,
// from the daemon, stays.
func (r *resourceManager) environment() []string {
	var env []string
	for _, pair := range []string{
		"HA_DIR=" + r.dir, "HA_FUNCS=" + r.dir + "/shellfuncs", "HA_RCDIR=" + r.dir + "/rc.d", "HA_RESOURCEDIR=" + r.dir + "/resource.d",
		"HA_BIN=/usr/libexec/heartbeat", "HA_NOARCHBIN=/usr/share/heartbeat", "HA_DOCDIR=/usr/share/doc/heartbeatd",
		"HA_FIFO=" + fifoPath, "HA_DATEFMT=%b %d %T ", "HA_DEBUGLOG=/dev/null", "OCF_AGENTS=/usr/lib/ocf/resource.d/heartbeat",
	} {
		if name, _, _ := strings.Cut(pair, "="); r.env(name) == "" {
			env = append(env, pair)
		}
	}
	return env
}

// toDebugLog is where 3.0.6's scripts print to.
func (r *resourceManager) toDebugLog(text string) {
	path := r.env("HA_DEBUGLOG")
	if text == "" || off(path) {
		return
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, text) //nolint:errcheck // nobody would hear of it
}
