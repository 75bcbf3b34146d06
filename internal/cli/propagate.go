package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
)

// propagate is the program ha_propagate: it copies the files to the other node and has heartbeat started there at boot
// if it is here. That of 3.0.6 is a program for a Python that no system has any more.
type propagate struct {
	dir            string
	self           string
	enabled        func() bool
	run            func(name string, args ...string) error
	stdout, stderr io.Writer
}

func haPropagate(_ string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "usage: ha_propagate\nCopies ha.cf, authkeys and haresources to the other nodes of ha.cf, by scp as root.")
		return exitUsage
	}
	m := thisMachine()
	p := propagate{
		dir: "/etc/ha.d", self: m.node(), stdout: stdout, stderr: stderr,
		enabled: func() bool { _, _, on := confhost.NewBoot().Enabled("heartbeat"); return on },
		run: func(name string, args ...string) error {
			cmd := exec.Command(name, args...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
			return cmd.Run()
		},
	}
	return p.all()
}

func (p propagate) all() int {
	files, err := confhost.Read(p.dir)
	if err != nil || files.HaCf.State != config.Present || files.Authkeys.State != config.Present {
		fmt.Fprintln(p.stdout, "HA Linux not configured on this node.  Can not propagate.")
		return exitOK
	}
	c, _ := config.Load(files, confhost.New())
	code := exitOK
	for _, node := range c.Nodes {
		if node == p.self {
			continue
		}
		if err := p.to(node); err != nil {
			complain(p.stderr, fmt.Errorf("ha_propagate: %s: %w", node, err), "scp and ssh must work for root there")
			code = exitFailed
		}
	}
	return code
}

var errName = errors.New("no host is called so")

// to copies to one node. haresources goes with the others: it must be the same on both nodes.
func (p propagate) to(node string) error {
	if strings.HasPrefix(node, "-") {
		return errName // scp would take it for an option
	}
	fmt.Fprintf(p.stdout, "Propagating HA configuration files to node %s.\n", node)
	args := []string{"-p"}
	for _, name := range []string{"ha.cf", "authkeys", "haresources"} {
		path := filepath.Join(p.dir, name)
		if _, err := os.Stat(path); err == nil {
			args = append(args, path)
		}
	}
	if err := p.run("scp", append(args, "root@"+node+":"+p.dir+"/")...); err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if !p.enabled() {
		return nil
	}
	fmt.Fprintf(p.stdout, "Setting HA startup configuration on node %s.\n", node)
	if err := p.run("ssh", "root@"+node, "systemctl enable heartbeat || update-rc.d heartbeat defaults || chkconfig heartbeat on"); err != nil {
		return fmt.Errorf("having heartbeat started at boot: %w", err)
	}
	return nil
}
