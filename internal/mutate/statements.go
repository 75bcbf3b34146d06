package mutate

import (
	"go/ast"
	"go/token"
	"strings"
)

// find walks a file and fills the finder.
func (f *finder) find() {
	for _, d := range f.file.tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || fn.Name.Name == "String" && fn.Recv != nil {
			continue
		}
		f.fn = fn.Name.Name
		if fn.Recv != nil {
			f.fn = strings.TrimPrefix(f.src(fn.Recv.List[0].Type), "*") + "." + f.fn
		}
		if fn.Type.Results == nil && len(fn.Body.List) > 1 {
			id := f.add("return", fn, "", "return at once")
			f.insert(fn.Body.Lbrace+1, "if "+on(id)+" { return };")
		}
		f.block(fn.Body.List, false)
	}
}

// block walks statements; ifBody: they are the body of an if without else, so that leaving out a
// jump that stands there alone is no other fault than a condition taken for false.
func (f *finder) block(list []ast.Stmt, ifBody bool) {
	for i, s := range list {
		f.stmt(s, ifBody && len(list) == 1, i == len(list)-1)
	}
}

func (f *finder) stmt(s ast.Stmt, alone, last bool) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		f.callStmt(s)
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.IncDecStmt:
		f.drop("assignment", s)
		f.expr(s.X)
	case *ast.ReturnStmt:
		if len(s.Results) == 0 && !alone {
			f.drop("return", s)
		}
		for _, r := range s.Results {
			f.truth("operand", r)
		}
	case *ast.BranchStmt:
		if !alone {
			f.drop("return", s)
		}
	case *ast.BlockStmt:
		f.block(s.List, false)
	case *ast.IfStmt:
		f.initial(s.Init)
		f.condition(s.Cond, true)
		f.block(s.Body.List, s.Else == nil)
		if s.Else != nil {
			f.stmt(s.Else, false, last)
		}
	case *ast.ForStmt:
		f.initial(s.Init)
		if s.Cond != nil {
			f.condition(s.Cond, false)
		}
		f.block(s.Body.List, false)
	case *ast.RangeStmt:
		f.expr(s.X)
		f.block(s.Body.List, false)
	case *ast.SwitchStmt:
		f.initial(s.Init)
		if s.Tag != nil {
			f.expr(s.Tag)
		}
		f.clauses(s.Body.List, s.Tag != nil, true)
	case *ast.TypeSwitchStmt:
		f.clauses(s.Body.List, false, false)
	case *ast.DeclStmt:
		f.declared(s)
	}
}

// initial walks the statement before a condition. A ++ there becomes nothing by adding 0.
func (f *finder) initial(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, e := range s.Rhs {
			f.expr(e)
		}
	case *ast.IncDecStmt:
		if s.Tok != token.INC {
			return
		}
		id := f.add("assignment", s, f.src(s), "nothing")
		typ, x := f.typeName(f.p.info.Types[s.X].Type), f.src(s.X)
		f.wrap(s, func(string) string { return x + " += " + pick(id, "["+typ+"]", "1", "0") })
	}
}

func (f *finder) clauses(list []ast.Stmt, tagged, values bool) {
	for _, s := range list {
		c := s.(*ast.CaseClause)
		for _, e := range c.List {
			switch {
			case tagged:
				f.neverMatches(e)
			case values:
				f.condition(e, false)
			}
		}
		f.block(c.Body, false)
	}
}

func (f *finder) declared(s *ast.DeclStmt) {
	d, ok := s.Decl.(*ast.GenDecl)
	if !ok || d.Tok != token.VAR {
		return
	}
	for _, spec := range d.Specs {
		for _, e := range spec.(*ast.ValueSpec).Values {
			f.expr(e)
		}
	}
}

// drop makes a mutant without the statement.
func (f *finder) drop(kind string, s ast.Stmt) {
	id := f.add(kind, s, "", "nothing")
	f.wrap(s, func(inner string) string { return "if !" + on(id) + " { " + inner + " }" })
}

// logs are the functions that only write a log line, or remember one.
var logs = map[string]bool{"logf": true, "scriptLogf": true, "dropf": true, "noteTransition": true}

func isLog(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if sel.Sel.Name == "do" && len(call.Args) == 1 {
		lit, ok := call.Args[0].(*ast.CompositeLit)
		if !ok {
			return false
		}
		id, ok := lit.Type.(*ast.Ident)
		return ok && id.Name == "Log"
	}
	return logs[sel.Sel.Name]
}

func (f *finder) callStmt(s *ast.ExprStmt) {
	call, ok := s.X.(*ast.CallExpr)
	if !ok {
		return
	}
	if isLog(call) {
		f.drop("log", s)
		return
	}
	f.drop("call", s)
	f.expr(call)
}

func (f *finder) assign(s *ast.AssignStmt) {
	defer func() {
		for _, e := range s.Rhs {
			if s.Tok == token.ASSIGN {
				f.truth("operand", e)
			} else {
				f.expr(e)
			}
		}
	}()
	switch {
	case s.Tok == token.DEFINE:
	case s.Tok != token.ASSIGN || len(s.Lhs) != len(s.Rhs):
		f.drop("assignment", s)
		f.otherSign(s)
	case len(s.Lhs) == 1:
		if f.src(s.Lhs[0]) != "_" {
			f.drop("assignment", s)
		}
	default:
		f.tuple(s)
	}
}

// otherSign subtracts where += adds, and the other way round.
func (f *finder) otherSign(s *ast.AssignStmt) {
	if s.Tok != token.ADD_ASSIGN && s.Tok != token.SUB_ASSIGN || !isNumber(f.p.info.Types[s.Lhs[0]].Type) {
		return
	}
	op := " -= "
	if s.Tok == token.SUB_ASSIGN {
		op = " += "
	}
	alt := f.src(s.Lhs[0]) + op + f.src(s.Rhs[0])
	id := f.add("number", s, f.src(s), alt)
	f.wrap(s, func(inner string) string { return "if " + on(id) + " { " + alt + " } else { " + inner + " }" })
}

// tuple leaves out one side of a, b = x, y at a time.
func (f *finder) tuple(s *ast.AssignStmt) {
	var left, right []string
	for i := range s.Lhs {
		left, right = append(left, f.src(s.Lhs[i])), append(right, f.src(s.Rhs[i]))
	}
	for i := range left {
		if left[i] == "_" {
			continue
		}
		with := append([]string(nil), right...)
		with[i] = left[i]
		alt := strings.Join(left, ", ") + " = " + strings.Join(with, ", ")
		id := f.add("assignment", s, left[i]+" = "+right[i], "nothing")
		f.wrap(s, func(inner string) string { return "if " + on(id) + " { " + alt + " } else { " + inner + " }" })
	}
}
