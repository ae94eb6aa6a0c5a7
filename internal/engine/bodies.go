package engine

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// maxBodies is how deep comprehensions, every and the like may stand in each other:
	// the compiler takes several times as long for each.
	maxBodies = 10
	// maxExpansion is how many values one value may come to when the variables in it
	// are replaced by what they stand for in the same rule.
	maxExpansion = 100_000
)

// checkBodies refuses rules that the compiler would not come to an end with.
func checkBodies(modules []module) error {
	if !guard.On(guard.RegoBudgets) {
		return nil
	}
	for _, m := range modules {
		depth := bodyDepth{}
		ast.NewBeforeAfterVisitor(depth.enter, depth.leave).Walk(m.parsed)
		if depth.deepest > maxBodies {
			return &limitError{m.file, "comprehensions stand in each other too deep"}
		}
	}
	return nil
}

// bodyDepth counts bodies within bodies.
type bodyDepth struct{ at, deepest int }

func (d *bodyDepth) enter(x any) bool {
	if isBody(x) {
		d.at++
		d.deepest = max(d.deepest, d.at)
	}
	return d.deepest > maxBodies
}

func (d *bodyDepth) leave(x any) {
	if isBody(x) {
		d.at--
	}
}

func isBody(x any) bool {
	switch x.(type) {
	case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every:
		return true
	default:
		return false
	}
}

// checkExpansion refuses rules such as a := [1, 1]; b := [a, a]; c := [b, b] and so
// on: OPA writes such a value out in one step, which nothing interrupts.
func checkExpansion(modules []module, compiler *ast.Compiler) error {
	if !guard.On(guard.RegoBudgets) {
		return nil
	}
	for _, m := range modules {
		compiled := compiler.Modules[m.name]
		if compiled == nil {
			continue // the rule is not enabled
		}
		for _, rule := range compiled.Rules {
			if newExpansion(rule).largest(rule) > maxExpansion {
				return &limitError{m.file, "a variable stands for too large a value"}
			}
		}
	}
	return nil
}

// expansion knows what the variables of a rule stand for.
type expansion struct {
	values map[ast.Var][]*ast.Term
	sizes  map[ast.Var]int64
}

func newExpansion(rule *ast.Rule) *expansion {
	e := &expansion{values: make(map[ast.Var][]*ast.Term), sizes: make(map[ast.Var]int64)}
	ast.WalkExprs(rule, func(x *ast.Expr) bool {
		if !x.IsEquality() {
			return false
		}
		for _, pair := range [][2]*ast.Term{{x.Operand(0), x.Operand(1)}, {x.Operand(1), x.Operand(0)}} {
			name, ok := pair[0].Value.(ast.Var)
			if ok && !isScalar(pair[1]) && !pair[1].IsGround() {
				e.values[name] = append(e.values[name], pair[1])
			}
		}
		return false
	})
	return e
}

// largest is how many values the largest value in the rule comes to.
func (e *expansion) largest(rule *ast.Rule) int64 {
	var n int64
	ast.WalkTerms(rule, func(t *ast.Term) bool {
		if !isScalar(t) && !t.IsGround() {
			n = max(n, e.term(t))
		}
		return n > maxExpansion
	})
	return n
}

// of is how many values a variable stands for.
func (e *expansion) of(name ast.Var) int64 {
	if n, ok := e.sizes[name]; ok {
		return n
	}
	e.sizes[name] = 1 // as long as it is not known; a variable cannot stand for itself
	n := int64(1)
	for _, term := range e.values[name] {
		n = max(n, e.term(term))
	}
	e.sizes[name] = n
	return n
}

func (e *expansion) term(t *ast.Term) int64 {
	n := int64(1)
	add := func(t *ast.Term) { n = min(n+e.term(t), maxExpansion+1) }
	switch v := t.Value.(type) {
	case ast.Var:
		return e.of(v)
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { add(key); add(value) })
	}
	return n
}
