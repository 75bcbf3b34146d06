package core

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// purePackages depend on nothing but their arguments: no clock, socket, file, process, log,
// randomness, goroutine or order of a map.
var purePackages = []string{"core", "seqtrack", "wire", "auth", "bz2", "config"}

// ordered are those of them where the order of a map could decide which of two actions comes first.
var ordered = []string{"core", "seqtrack"}

// mayImport are the packages that a pure one may import besides each other.
var mayImport = words(`
	bytes bufio cmp compress/bzip2 compress/zlib encoding/base64 encoding/binary encoding/hex errors fmt hash hash/crc32 io iter maps math
	math/big math/bits net/netip path regexp slices sort strconv strings time unicode unicode/utf8
	crypto/hmac crypto/md5 crypto/sha1 crypto/subtle`)

// notOf are the parts of those packages that reach outside.
var notOf = map[string][]string{
	"time": words("Now Since Until Sleep After AfterFunc NewTimer NewTicker Tick Local LoadLocation"),
	"fmt":  words("Print Printf Println Scan Scanf Scanln"),
}

// mapOrder are the functions of maps whose order is the map's.
var mapOrder = words("All Keys Values")

// orderComment on the line of a range over a map says why its order does not matter.
const orderComment = "order does not matter:"

func words(s string) []string { return strings.Fields(s) }

func has(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func TestPurity(t *testing.T) {
	for _, p := range purePackages {
		files, err := filepath.Glob("../" + p + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", p, err)
		}
		sources := map[string]string{}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources[f] = string(b)
		}
		for _, fault := range impurities(t, sources, has(ordered, p)) {
			t.Error(fault)
		}
		t.Logf("%s: %d files", p, len(sources))
	}
}

// TestPurityIsJudged breaks each rule once.
func TestPurityIsJudged(t *testing.T) {
	for source, want := range map[string]string{
		`import "os"`:                               "imports os",
		`import "net"`:                              "imports net",
		`import "math/rand"`:                        "imports math/rand",
		`import "sync"`:                             "imports sync",
		`import l "github.com/sirupsen/logrus"`:     "imports github.com/sirupsen/logrus",
		`import _ "heartbeatd/internal/link"`:       "imports heartbeatd/internal/link",
		`import t "time"; var x = t.Now()`:          "time.Now",
		`import "time"; func f() { time.Sleep(1) }`: "time.Sleep",
		`func f() { go f() }`:                       "starts a goroutine",
		`var c chan int`:                            "uses a channel",
		`func f(m map[int]int) { for range m { } }`: "ranges over a map",
		`type m map[int]int; func (x m) f() { for k := range x { _ = k } }`: "ranges over a map",
		`import "maps"; var x = maps.Keys[map[int]int]`:                     "maps.Keys",
		`import "net/netip"; var a netip.Addr`:                              "",
		`func f(m map[int]int) { for range m { // order does not matter: nothing is done
		} }`: "",
	} {
		got := strings.Join(impurities(t, map[string]string{"x.go": "package x\n" + source}, true), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}

// impurities looks at one package; orders: also at ranges over maps.
func impurities(t *testing.T, sources map[string]string, orders bool) []string {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	var names []string
	for name := range sources {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		f, err := parser.ParseFile(set, name, sources[name], parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: hollow{}, Error: func(error) {}}
	conf.Check("x", set, files, info)
	p := &purity{set: set, info: info, orders: orders}
	for _, f := range files {
		p.file(f)
	}
	return p.faults
}

// hollow imports every package as an empty one. The types of others are unknown then, but the
// maps of the package itself are known, and no allowed package hands out a map to range over.
type hollow struct{}

func (hollow) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

type purity struct {
	set    *token.FileSet
	info   *types.Info
	orders bool
	reason map[int]bool // lines with an orderComment
	faults []string
}

func (p *purity) fault(at token.Pos, format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf("%s: %s", p.set.Position(at), fmt.Sprintf(format, args...)))
}

func (p *purity) file(f *ast.File) {
	p.reason = map[int]bool{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if strings.Contains(c.Text, orderComment) {
				p.reason[p.set.Position(c.Pos()).Line] = true
			}
		}
	}
	for _, imp := range f.Imports {
		name, _ := strconv.Unquote(imp.Path.Value)
		if own, ok := strings.CutPrefix(name, "heartbeatd/internal/"); !has(mayImport, name) && !(ok && has(purePackages, own)) {
			p.fault(imp.Pos(), "imports %s", name)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		p.node(n)
		return true
	})
}

func (p *purity) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		p.fault(n.Pos(), "starts a goroutine")
	case *ast.ChanType:
		p.fault(n.Pos(), "uses a channel")
	case *ast.RangeStmt:
		typ := p.info.Types[n.X].Type
		if typ == nil {
			return // made by another package, see hollow
		}
		if _, ok := typ.Underlying().(*types.Map); ok && p.orders && !p.reason[p.set.Position(n.Pos()).Line] {
			p.fault(n.Pos(), "ranges over a map; say on the line why its %s", orderComment)
		}
	case *ast.SelectorExpr:
		id, ok := n.X.(*ast.Ident)
		if !ok {
			return
		}
		pkg, ok := p.info.Uses[id].(*types.PkgName)
		if !ok {
			return
		}
		if name := pkg.Imported().Path(); has(notOf[name], n.Sel.Name) || p.orders && name == "maps" && has(mapOrder, n.Sel.Name) {
			p.fault(n.Pos(), "uses %s.%s", name, n.Sel.Name)
		}
	}
}
