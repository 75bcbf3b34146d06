package mutate

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

func isBool(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func isNumber(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0 && b.Info()&types.IsUntyped == 0
}

// isPlain says that a number is one, and no member of an enumeration.
func isPlain(t types.Type) bool {
	_, ok := t.(*types.Basic)
	return ok
}

func isDuration(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Name() == "Duration"
}

func isZero(v constant.Value) bool {
	return v != nil && v.Kind() == constant.Int && constant.Sign(v) == 0
}

func isLiteral(e ast.Expr) bool {
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		e = u.X
	}
	_, ok := e.(*ast.BasicLit)
	return ok
}

// typeName is a type as it can be written in any file of the package.
func (f *finder) typeName(t types.Type) string {
	if isDuration(t) {
		return "mutantDuration" // not every file imports time
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p == f.p.pkg {
			return ""
		}
		return p.Name()
	})
}
