package mutate

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is the package that is changed, below the root of the module.
const target = "internal/core"

// notMutated are files of the target that decide nothing in a daemon.
var notMutated = map[string]string{
	"fingerprint.go": "for the exhaustive search only",
}

// source is one file of the target.
type source struct {
	name string // without its directory
	text []byte
	tree *ast.File
}

// program is the parsed and type-checked target.
type program struct {
	set   *token.FileSet
	files []*source
	info  *types.Info
	pkg   *types.Package
}

// load reads the target below root.
func load(root string) (*program, error) {
	names, err := filepath.Glob(filepath.Join(root, target, "*.go"))
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	var order []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts[filepath.Base(name)] = text
		order = append(order, filepath.Base(name))
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("no Go files in %s", filepath.Join(root, target))
	}
	exports, err := exportsOf(root, "./"+target)
	if err != nil {
		return nil, err
	}
	return check(order, texts, exports)
}

// check parses and type-checks files that belong to one package. exports says where the compiler's
// export data of an imported package is.
func check(order []string, texts map[string][]byte, exports map[string]string) (*program, error) {
	p := &program{set: token.NewFileSet(), info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	var trees []*ast.File
	for _, name := range order {
		tree, err := parser.ParseFile(p.set, name, texts[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, &source{name, texts[name], tree})
		trees = append(trees, tree)
	}
	conf := types.Config{Importer: importer.ForCompiler(p.set, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})}
	var err error
	p.pkg, err = conf.Check("heartbeatd/"+target, p.set, trees, p.info)
	return p, err
}

// exportsOf asks the go command for the export data of packages and of everything they depend on.
func exportsOf(root string, pkgs ...string) (map[string]string, error) {
	var out, problem bytes.Buffer
	cmd := exec.Command("go", "list", "-deps", "-export", "-f", "{{.ImportPath}} {{.Export}}")
	cmd.Args = append(cmd.Args, pkgs...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = root, buildEnv(), &out, &problem
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(pkgs, " "), err, problem.String())
	}
	exports := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			exports[path] = file
		}
	}
	return exports, nil
}

// buildEnv is our own environment, without C.
func buildEnv() []string { return append(os.Environ(), "CGO_ENABLED=0") }
