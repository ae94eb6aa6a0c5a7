package engine

import (
	"math"
	"regexp/syntax"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// times multiplies without wrapping around.
func times(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}

func isScalar(t *ast.Term) bool {
	switch t.Value.(type) {
	case *ast.Array, ast.Object, ast.Set:
		return false
	default:
		return true
	}
}

// length is the number of bytes of a text or of elements of a collection.
func length(t *ast.Term) int64 {
	if s, ok := t.Value.(ast.String); ok {
		return int64(len(s))
	}
	return elements(t)
}

func elements(t *ast.Term) int64 {
	if c, ok := t.Value.(interface{ Len() int }); ok {
		return int64(c.Len())
	}
	return 0
}

// weight is about how many bytes a value takes when it is copied with all that is in
// it, and at least as many as it has when it is written out. A value may hold another
// many times without being large itself, but what goes through all of it sees each of
// them. So the count ends where no call is allowed any more.
func weight(t *ast.Term) int64 {
	w := weigher{left: maxSteps}
	w.add(t)
	return maxSteps - w.left
}

type weigher struct{ left int64 }

// add reports whether the count has come to its end.
func (w *weigher) add(t *ast.Term) bool {
	w.left -= sizeTerm
	switch v := t.Value.(type) {
	case ast.String:
		w.left -= 6 * int64(len(v)) // a byte is up to six when it is quoted
	case ast.Number:
		w.left -= int64(len(v))
	case *ast.Array:
		v.Until(w.add)
	case ast.Set:
		w.left -= sizeEntry * int64(v.Len())
		_ = w.left < 0 || v.Until(w.add)
	case ast.Object:
		w.left -= sizeEntry * int64(v.Len())
		_ = w.left < 0 || v.Until(func(key, value *ast.Term) bool { return w.add(key) || w.add(value) })
	}
	return w.left < 0
}

// matched is about regular expressions: the time that they take grows with the text
// and with the program that they are compiled to.
func matched(m *meter, operands []*ast.Term) price {
	return m.match(operands[0], operands[len(operands)-1])
}

// cut is what regex.split makes at most.
func cut(m *meter, operands []*ast.Term) price {
	p := m.match(operands[0], operands[1])
	p.bytes += times(length(operands[1])+1, sizeTerm)
	return p
}

// match is the price of searching text for all matches of a pattern.
func (m *meter) match(pattern, text *ast.Term) price {
	expression, ok := pattern.Value.(ast.String)
	if !ok {
		return price{}
	}
	program, why := m.program(string(expression))
	return price{bytes: times(program, 8), steps: times(length(text), program), why: why}
}

// program is how many instructions a regular expression has about.
func (m *meter) program(expression string) (instructions int64, why string) {
	if len(expression) > maxPattern {
		return 0, "a regular expression is longer than 4 KiB"
	}
	n, seen := m.programs[expression]
	if !seen {
		if parsed, err := syntax.Parse(expression, syntax.Perl); err == nil {
			n = instructionsOf(parsed)
		}
		m.programs[expression] = n
	}
	return n, ""
}

func instructionsOf(e *syntax.Regexp) int64 {
	n := int64(1 + len(e.Rune))
	for _, sub := range e.Sub {
		n += instructionsOf(sub)
	}
	if e.Op == syntax.OpRepeat {
		n = times(n, int64(max(e.Min, e.Max, 1)))
	}
	return n
}

// rewritten is what regex.replace makes: at each place the new text, which may quote
// all of the match, and a list of the places with their groups.
func rewritten(m *meter, operands []*ast.Term) price {
	pattern, _ := operands[1].Value.(ast.String)
	by, _ := operands[2].Value.(ast.String)
	p := m.match(operands[1], operands[0])
	groups := int64(1 + strings.Count(string(pattern), "("))
	p.bytes += times(length(operands[0])+1, int64(len(by)+strings.Count(string(by), "$"))+16*groups)
	return p
}

func globbed(_ *meter, operands []*ast.Term) price {
	n := length(operands[0])
	if n > maxPattern {
		return price{why: "a glob is longer than 4 KiB"}
	}
	return price{bytes: 256 * n, steps: times(times(n, n), length(operands[2]))}
}
