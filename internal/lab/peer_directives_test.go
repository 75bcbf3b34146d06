//go:build integration && long

package lab

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// directiveTable is the table of TestEveryDirective: the lines, and whether ours refuses them.
func directiveTable(t *testing.T) (lines []string, refused map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../config/directive_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	refused = map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "directiveCases" {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			row := e.(*ast.CompositeLit).Elts
			line, want := goText(row[0]), goText(row[1])
			lines = append(lines, line)
			refused[line] = strings.HasPrefix(want, "error ") || strings.Contains(want, "\nerror ")
		}
		return false
	})
	if len(lines) < 150 {
		t.Fatalf("only %d rows", len(lines))
	}
	return lines, refused
}

// goText is the value of an expression of the table: literals, strings.Repeat of them, and sums; names count as
// nothing.
func goText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return goText(e.X) + goText(e.Y)
	case *ast.CallExpr:
		n, _ := strconv.Atoi(e.Args[1].(*ast.BasicLit).Value)
		return strings.Repeat(goText(e.Args[0]), n)
	}
	return ""
}

// directivesDiffer are the rows where the C daemon's verdict is another one, and the entry of docs/differences.md.
var directivesDiffer = map[string]int{
	"node n3": 51, "udpport 70000": 51, "udpport 4294967990": 51, "ucast eth0 0.0.0.0": 51, "ucast eth0 239.1.1.1": 51, "ucast eth0 nowhere": 51,
	"normalpoll 5": 51, "normalpoll 5 6": 51, "respawn hacluster /usr/lib64/heartbeat/ipfail": 51, "respawn root /usr/lib64/heartbeat/dopd": 51,
	"ucast6 eth0 ::ffff:10.77.0.2":      75,
	"stonith fence_ipmilan /etc/passwd": 93, "stonith_host * fence_ipmilan ip=10.0.0.1 password=x": 93, "stonith_host * external/ipmi a b": 93,
	"ucast sixteenletters16 10.77.0.2": 104, "mcast6 eth0 ff02::1 0 1 0": 104, "mcast6 eth2 ff02::1234%eth2 65535 4 1": 104, "ucast6 eth2 fe80::1": 104,
	"crm_daemon_dir /x": 104, "coreroot x": 104, "pacemaker ccm-only": 104,
}

// TestPeerDirectives has the C daemon judge every row of the table of directives. A haresources with an unknown node
// keeps it from starting once it has said that ha.cf is good.
func TestPeerDirectives(t *testing.T) {
	t.Parallel()
	lines, refused := directiveTable(t)
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	l := newLab(t, 2)
	h, err := l.Node("n1", genuine, HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, h, "sh", "-c", "echo 10.77.0.2 peer >>/etc/hosts; echo 0.0.0.0 nowhere >>/etc/hosts; ip link add eth2 type dummy; ip link set eth2 up; ln -sf /dev/null /dev/ttyS0")
	for _, line := range lines {
		verdict, said := judgedByC(t, h, line)
		if verdict == "" {
			t.Errorf("%.60q: no verdict:\n%s", line, said)
			continue
		}
		number, differs := directivesDiffer[line]
		switch same := (verdict == "refused") == refused[line]; {
		case !same && !differs:
			t.Errorf("%.60q: %s by the C daemon, not by ours:\n%s", line, verdict, said)
		case same && differs:
			t.Errorf("%.60q: %s by both, and difference %d is listed", line, verdict, number)
		}
		t.Logf("%-50.50s %s\n%s", line, verdict, said)
	}
}

// judgedByC is what the C daemon says of a file with one line, but for what it says of every file.
func judgedByC(t *testing.T, h *Host, line string) (verdict, said string) {
	t.Helper()
	files := Files{HACF: "node n1 n2\nlogfile /tmp/l\nauto_failback on\n" + line + "\nbcast eth0\n", Haresources: "nosuchnode x\n"}
	if err := h.Configure(files); err != nil {
		t.Fatal(err)
	}
	text, err := h.Run(daemonPath)
	if text == "" && err != nil {
		return "refused", "it crashes: " + err.Error()
	}
	var rest []string
	for _, l := range strings.Split(text, "\n") {
		switch {
		case strings.Contains(l, "Configuration validated"):
			verdict = "accepted"
		case strings.Contains(l, "onfiguration error") && verdict == "":
			verdict = "refused"
		}
		if _, words, ok := strings.Cut(l, "]: "); ok && !containsAny(l, alwaysSaid) {
			rest = append(rest, words)
		}
	}
	if verdict == "" {
		rest = []string{fmt.Sprintf("%q", text)}
	}
	return verdict, strings.Join(rest, "\n")
}

var alwaysSaid = []string{"Core dumps", "core_pattern", "core_uses_pid", "Pacemaker support: false", "Logging daemon is disabled", "info: ****",
	"Configuration validated", "onfiguration error", "Bad nodename", "AUTH: "}
