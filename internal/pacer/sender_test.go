package pacer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// loop is a pacer in this process: its ring, its control socket, and a line into a socket of ours.
type loop struct {
	*sender
	ring    *producer
	control int
	ear     int
	to      Address
}

func newLoop(t *testing.T) *loop {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ear, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		err = unix.Bind(ear, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(ear)
	if err != nil {
		t.Fatal(err)
	}
	mem := new(shared)
	l := &loop{newSender(mem, pair[1]), newProducer(mem), pair[0], ear, loopback(at.(*unix.SockaddrInet4).Port)}
	t.Cleanup(func() {
		for _, fd := range []int{l.control, l.ear, pair[1]} {
			unix.Close(fd)
		}
	})
	return l
}

// open gives the sender a line, by a message as the decider sends it.
func (l *loop) open(t *testing.T, line uint16) {
	t.Helper()
	p := &process{control: l.control}
	if !p.tell(message{kind: msgOpened, line: line, to: l.to}, l.ear) || !l.step() {
		t.Fatal("the message was not taken")
	}
}

// heard empties the ear.
func (l *loop) heard() (texts []string) {
	buf := make([]byte, MaxBeat+1)
	for {
		n, err := unix.Read(l.ear, buf)
		if err != nil {
			return texts
		}
		texts = append(texts, string(buf[:n]))
	}
}

func TestStep(t *testing.T) {
	l := newLoop(t)
	l.open(t, 3)
	if l.outlets[3].fd < 0 || l.lines != 4 {
		t.Fatalf("the line is not open: %+v", l.outlets[3])
	}
	l.ring.offer(clock(), []byte("one"))
	l.ring.offer(clock(), make([]byte, MaxBeat))
	l.step()
	l.step()
	if got := l.heard(); len(got) != 2 || got[0] != "one" || len(got[1]) != MaxBeat {
		t.Errorf("heard %q", got)
	}
	if n := l.ring.report(); n != 2 {
		t.Errorf("%d beats went out", n)
	}
	own := l.outlets[3].fd
	p := &process{control: l.control}
	p.tell(message{kind: msgClosed, line: 3}, -1)
	p.tell(message{kind: msgClosed, line: 9999}, -1)
	p.tell(message{kind: msgOpened, line: 9999}, l.ear)
	p.tell(message{kind: 77}, -1)
	for range 4 {
		if !l.step() {
			t.Fatal("ended by a message")
		}
	}
	if _, err := unix.FcntlInt(uintptr(own), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the socket of a closed line is still open: %v", err)
	}
	p.tell(message{kind: msgOpened, line: 3}, -1)
	if l.step() {
		t.Error("goes on with a line whose socket was lost")
	}
	if err := unix.Shutdown(l.control, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	l.ring.offer(clock(), []byte("too late"))
	if l.step() {
		t.Error("goes on after the end of the control socket")
	}
	if got := l.heard(); len(got) != 0 {
		t.Errorf("heard %q after the end of the control socket", got)
	}
}

// TestNoAllocations: what is never allocated is never collected, and no beat waits for it.
func TestNoAllocations(t *testing.T) {
	l := newLoop(t)
	l.open(t, 0)
	l.open(t, 1)
	data := make([]byte, 300)
	buf := make([]byte, MaxBeat)
	var failed bool
	beat := func() {
		now := clock()
		failed = failed || !l.ring.offer(now, data) || l.ring.mustWake() && now == 0
		failed = failed || !l.step() || l.ring.report() != 1
		for range 2 {
			_, err := unix.Read(l.ear, buf)
			failed = failed || err != nil
		}
		l.ring.offer(now+1e15, data)
		l.ring.revoke()
		failed = failed || l.ring.report() != 0
	}
	if n := testing.AllocsPerRun(1000, beat); n != 0 || failed {
		t.Errorf("%g allocations for a beat, failed %t", n, failed)
	}
}

// TestNothingOfTheRuntime: see the head of sender.go. Every function of ours that run calls is nosplit, and it
// calls nothing else but what is known to be so.
func TestNothingOfTheRuntime(t *testing.T) {
	pkg := map[string][]*ast.FuncDecl{}
	for _, name := range []string{"sender.go", "ring.go", "late.go", "timespec.go", "shared.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				key := fn.Name.Name
				pkg[key] = append(pkg[key], fn)
			}
		}
	}
	// Of other packages: raw system calls, atomics, and methods of x/sys that set one field.
	known := []string{"RawSyscall", "RawSyscall6", "Load", "Store", "CompareAndSwap", "Len64", "Pointer",
		"SetLen", "SetIovlen", "SetControllen", "Errno"}
	builtin := []string{"max", "min", "len", "uintptr", "int", "int32", "int64", "uint32", "uint64", "byte", "T"}
	seen := map[string]bool{}
	todo := []string{"run"}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, fn := range pkg[name] {
			if isProducer(fn) {
				continue
			}
			if fn.Doc == nil || !strings.Contains(commentsOf(fn), "//go:nosplit") {
				t.Errorf("%s is not nosplit", name)
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				called := ""
				switch f := c.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					called = f.Sel.Name
				case *ast.ParenExpr, *ast.ArrayType: // a conversion
					return true
				}
				switch {
				case len(pkg[called]) > 0:
					todo = append(todo, called)
				case !slices.Contains(known, called) && !slices.Contains(builtin, called):
					t.Errorf("%s calls %s, of which nothing is known", name, strconv.Quote(called))
				}
				return true
			})
		}
	}
	for _, name := range []string{"step", "take", "send", "hear", "add", "clock"} {
		if !seen[name] {
			t.Errorf("%s is not reached: this test looks at nothing", name)
		}
	}
}

// isProducer: the decider's end has methods of the same names.
func isProducer(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	return ok && star.X.(*ast.Ident).Name == "producer"
}

func commentsOf(fn *ast.FuncDecl) (all string) {
	for _, c := range fn.Doc.List {
		all += c.Text + "\n"
	}
	return all
}
