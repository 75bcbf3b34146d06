package mutate

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// condition is what an if, for or case asks.
func (f *finder) condition(e ast.Expr, alsoTrue bool) {
	was := f.src(e)
	not := f.add("condition", e, was, "!("+was+")")
	never := f.add("condition", e, was, "false")
	always := 0
	if alsoTrue {
		always = f.add("condition", e, was, "true")
	}
	f.wrap(e, func(inner string) string {
		s := "!" + on(never) + " && ((" + inner + ") != " + on(not) + ")"
		if alsoTrue {
			s = on(always) + " || " + s
		}
		return "(" + s + ")"
	})
	f.expr(e)
}

// truth is a value that is kept or returned; where it is a bool it is taken for true and for false.
func (f *finder) truth(kind string, e ast.Expr) {
	if tv := f.p.info.Types[e]; tv.Value == nil && isBool(tv.Type) {
		yes, no := f.add(kind, e, f.src(e), "true"), f.add(kind, e, f.src(e), "false")
		f.wrap(e, func(inner string) string { return "(" + on(yes) + " || !" + on(no) + " && (" + inner + "))" })
	}
	f.expr(e)
}

// expr walks an expression.
func (f *finder) expr(e ast.Expr) {
	ast.Inspect(e, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if f.p.info.Types[x].Value != nil {
			f.constant(x, false)
			return false
		}
		switch x := x.(type) {
		case *ast.FuncLit, *ast.ArrayType, *ast.MapType:
			return false
		case *ast.CompositeLit:
			f.elements(x)
			return false
		case *ast.SelectorExpr:
			f.expr(x.X)
			return false
		case *ast.CallExpr:
			return f.call(x)
		case *ast.BinaryExpr:
			return f.binary(x)
		}
		return true
	})
}

// elements walks the values of a composite literal, not its type nor the names of its fields.
func (f *finder) elements(x *ast.CompositeLit) {
	for _, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		f.truth("operand", e)
	}
}

// call says whether to go on into the arguments.
func (f *finder) call(x *ast.CallExpr) bool {
	if isLog(x) {
		return false
	}
	name := f.src(x.Fun)
	switch name {
	case "make", "fmt.Sprintf", "fmt.Fprintf":
		return false
	case "strconv.ParseUint", "strconv.ParseInt":
		f.expr(x.Args[0])
		f.expr(x.Args[1])
		return false
	case "min", "max":
		other := map[string]string{"min": "max", "max": "min"}[name]
		alt := other + f.src(x)[len(name):]
		id := f.add("number", x, f.src(x), alt)
		f.wrap(x, func(inner string) string { return pick(id, "", inner, alt) })
	}
	return true
}

var boundary = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}

// binary says whether to go on into the operands.
func (f *finder) binary(x *ast.BinaryExpr) bool {
	left, right := f.src(x.X), f.src(x.Y)
	switch x.Op {
	case token.LAND, token.LOR:
		f.logic(x)
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
		if b := boundary[x.Op]; b != "" {
			alt := left + " " + b + " " + right
			id := f.add("boundary", x, f.src(x), alt)
			f.wrap(x, func(inner string) string { return eitherBool(id, alt, inner) })
		}
		if isZero(f.p.info.Types[x.Y].Value) { // a question whether something is there: a condition or an operand
			f.expr(x.X)
			return false
		}
	case token.ADD, token.SUB:
		if !isNumber(f.p.info.Types[x].Type) {
			break
		}
		op := " - "
		if x.Op == token.SUB {
			op = " + "
		}
		alt := left + op + "(" + right + ")"
		id := f.add("number", x, f.src(x), left+op+right)
		f.wrap(x, func(inner string) string { return pick(id, "", inner, alt) })
	case token.QUO, token.REM:
		f.expr(x.X)
		if f.p.info.Types[x.Y].Value != nil {
			f.constant(x.Y, true)
			return false
		}
		f.expr(x.Y)
		return false
	}
	return true
}

// logic exchanges && and ||, and leaves out one operand at a time.
func (f *finder) logic(x *ast.BinaryExpr) {
	other := map[token.Token]string{token.LAND: " || ", token.LOR: " && "}[x.Op]
	id := f.add("operand", x, "", f.src(x.X)+other+f.src(x.Y))
	// De Morgan: with all three negated the one is the other.
	xor := func(inner string) string { return "(" + on(id) + " != (" + inner + "))" }
	f.wrap(x, xor)
	for _, side := range []ast.Expr{x.X, x.Y} {
		f.wrap(side, xor)
		if b, ok := side.(*ast.BinaryExpr); ok && b.Op == x.Op {
			continue // its own operands are left out one by one
		}
		without := f.add("operand", side, "", "without "+f.src(side))
		op := x.Op
		f.wrap(side, func(inner string) string {
			if op == token.LAND {
				return "(" + on(without) + " || (" + inner + "))"
			}
			return "(!" + on(without) + " && (" + inner + "))"
		})
	}
}

// constant changes a number or a bool. Enumerations and strings are left alone.
func (f *finder) constant(e ast.Expr, divisor bool) {
	tv := f.p.info.Types[e]
	typ, was := tv.Type, f.src(e)
	alts := []string{}
	switch {
	case isBool(typ):
		alts = []string{map[string]string{"true": "false", "false": "true"}[was]}
	case !isNumber(typ) || was == "NoTick" || was == "NoKey":
		return
	case isDuration(typ) && !isLiteral(e):
		alts = []string{"2*(" + was + ")"}
		if !divisor {
			alts = append(alts, "0")
		}
	case isPlain(typ) || isDuration(typ):
		alts = []string{was + " + 1"}
		if !isZero(tv.Value) && (!divisor || constant.Compare(tv.Value, token.GTR, constant.MakeInt64(1))) {
			alts = append(alts, was+" - 1")
		}
	}
	for _, alt := range alts {
		if alt == "" {
			continue
		}
		id := f.add(map[bool]string{true: "bool", false: "number"}[isBool(typ)], e, was, alt)
		name := "[" + f.typeName(typ) + "]"
		f.wrap(e, func(inner string) string { return pick(id, name, inner, alt) })
	}
}

// neverMatches makes a value of a switch one that the tag never has.
func (f *finder) neverMatches(e ast.Expr) {
	typ := f.p.info.Types[e].Type
	name, alt := f.typeName(typ), "255"
	if b, ok := typ.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		alt = `"\x00"`
	}
	id := f.add("case", e, "case "+f.src(e), "never")
	f.wrap(e, func(inner string) string { return pick(id, "["+name+"]", inner, alt) })
}
