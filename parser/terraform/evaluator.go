package terraform

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/egresslint/egresslint/parser/source"
)

// Bounds on one root, so that hostile input ends in a diagnostic.
const (
	maxModuleDepth = 32
	maxRepetition  = 10_000  // of one count, for_each or dynamic
	maxInstances   = 100_000 // of resources and modules of a root together
)

// evaluator evaluates one root. It is used by one goroutine.
type evaluator struct {
	load      *loader
	job       *job
	root      *module
	inst      installed
	sink      *sink // where mistakes go: global, or that of the innermost try
	global    *sink
	depth     int       // of eval
	typed     int       // expressions that the current staticType looked at
	walk      int       // depth of roots
	templates int       // being rendered
	host      hcl.Range // the call that renders them: text of a template has no place of its own
	hushed    bool      // one of them is sensitive, and with it all that is said of it
	spent     *budget
	full      bool
	remotes   map[*job]*remote // roots whose outputs are read; shared with their evaluators
	chain     int              // of roots that read each other's outputs, up to this one
	inputless bool             // a variable of the root has no value
	presumed  string           // by the node being evaluated; see presume

	types map[*block]variableType
	free  map[hclsyntax.Expression][]string // see roots
	texts map[string]*text
	// stands are the places that stand for files which are not in the tree.
	stands map[string]hcl.Range
	files  map[string]fileResult
}

// sink collects mistakes.
type sink struct{ diags []pending }

type pending struct {
	kind source.DiagnosticKind
	rng  hcl.Range
	msg  string
	// sure mistakes are in the configuration itself, whatever the values are.
	sure bool
}

func (s *sink) len() int { return len(s.diags) }

// newEvaluator returns an evaluator of one root, or of one that it reads, which uses up
// the same budget.
func newEvaluator(l *loader, b *budget) *evaluator {
	g := &sink{}
	return &evaluator{
		load: l, sink: g, global: g, spent: b, remotes: make(map[*job]*remote),
		types: make(map[*block]variableType),
		free:  make(map[hclsyntax.Expression][]string),
		texts: make(map[string]*text),
		files: make(map[string]fileResult),
	}
}

func (ev *evaluator) report(kind source.DiagnosticKind, rng hcl.Range, msg string) {
	if rng.Filename == "" {
		rng = ev.host
	}
	ev.sink.diags = append(ev.sink.diags, pending{kind: kind, rng: rng, msg: ev.told(msg)})
}

// told is what is said of a message. It may name what stands in a template.
func (ev *evaluator) told(msg string) string {
	if ev.hushed {
		return "fill template: " + hushedTemplate
	}
	return msg
}

// mistake reports what is wrong in the configuration whatever the values are.
func (ev *evaluator) mistake(rng hcl.Range, format string, args ...any) {
	if rng.Filename == "" {
		rng = ev.host
	}
	p := pending{kind: source.EvaluationError, rng: rng, msg: ev.told(fmt.Sprintf(format, args...)), sure: true}
	ev.global.diags = append(ev.global.diags, p)
}

func (ev *evaluator) limit(rng hcl.Range, format string, args ...any) {
	if rng.Filename == "" {
		rng = ev.host
	}
	p := pending{kind: source.LimitReached, rng: rng, msg: ev.told(fmt.Sprintf(format, args...)), sure: true}
	ev.global.diags = append(ev.global.diags, p)
}

// attempt evaluates f and reports whether it made no mistake. The mistakes are
// dropped: try and can take them as their result.
func (ev *evaluator) attempt(f func() value) (value, bool) {
	outer := ev.sink
	ev.sink = &sink{}
	v := f()
	ok := ev.sink.len() == 0
	ev.sink = outer
	return v, ok
}

// diagnostics returns what was found, once per place. A root with variables that
// nothing sets was not evaluated with what it is made for, and the defaults of
// its other variables may not hold either: then a value that does not fit proves
// no mistake.
func (ev *evaluator) diagnostics() []source.Diagnostic {
	type place struct {
		kind source.DiagnosticKind
		rng  hcl.Range
	}
	seen := make(map[place]bool)
	var out []source.Diagnostic
	for _, p := range ev.global.diags {
		if seen[place{p.kind, p.rng}] || ev.inputless && p.kind == source.EvaluationError && !p.sure {
			continue
		}
		seen[place{p.kind, p.rng}] = true
		rng := ev.rng(p.rng)
		if rng.File == "" { // text that is in no file, such as a variable's of the command line
			rng.File = ev.load.anyFile(ev.job.dir)
		}
		out = append(out, source.Diagnostic{Kind: p.kind, Range: rng, Message: p.msg})
	}
	return out
}

// rng converts a range of a file that was loaded; the zero Range for text that
// is in no file.
func (ev *evaluator) rng(r hcl.Range) source.Range {
	if r.Filename == "" {
		return source.Range{}
	}
	if header, ok := ev.stands[r.Filename]; ok {
		return ev.rng(header)
	}
	t, ok := ev.texts[r.Filename]
	if !ok {
		t = ev.load.text(r.Filename)
		ev.texts[r.Filename] = t
	}
	if t == nil {
		return source.Range{File: r.Filename}
	}
	return t.rng(r)
}

// node is something that is evaluated at most once: a local, an argument.
type node struct {
	state    nodeState
	val      value
	presumed string // see evaluator
}

type nodeState uint8

const (
	untouched nodeState = iota
	running
	done
)

// get returns the value of a node, by f the first time. A node that needs itself
// is unknown.
func (ev *evaluator) get(n *node, name string, rng hcl.Range, f func() value) value {
	switch n.state {
	case done:
		ev.presume(n.presumed)
		return n.val
	case running:
		ev.mistake(rng, "evaluate %s: it depends on itself", name)
		return unknown(name + " depends on itself")
	}
	n.state = running
	// Mistakes in a node are its own: a try around a reference to it does not
	// excuse them.
	outer, presumed := ev.sink, ev.presumed
	before := ev.spent.spent
	ev.sink, ev.presumed = ev.global, ""
	n.val = ev.bounded(f(), rng)
	n.presumed = ev.presumed
	ev.sink, ev.presumed = outer, presumed
	ev.presume(n.presumed)
	if ev.spent.cutOff(before) {
		n.state = untouched
		return n.val
	}
	n.state = done
	return n.val
}

// presume remembers that the node being evaluated rests on what most likely holds,
// for the given reason: a schema says what an attribute holds that is left out, but
// the provider may be of another version; a file is not in the tree, but may be
// made before Terraform runs.
func (ev *evaluator) presume(why string) {
	if ev.presumed == "" {
		ev.presumed = why
	}
}

// shareable reports whether e means the same for all instances of its module and
// costs enough to be worth remembering, given the iterations it stands in.
func (sc scope) shareable(e hclsyntax.Expression) bool {
	switch e.(type) {
	case *hclsyntax.FunctionCallExpr, *hclsyntax.SplatExpr, *hclsyntax.ForExpr, *hclsyntax.ObjectConsExpr:
	default:
		return false
	}
	roots := sc.ev.roots(e)
	for _, r := range roots {
		switch r {
		case "each", "count", "self", anonymous:
			return false
		}
		if _, bound := sc.lookup(r); bound {
			return false
		}
	}
	return true
}

// anonymous is the root of the item of a splat.
const anonymous = "*"

// roots returns the names that e refers to and does not bind itself, sorted.
func (ev *evaluator) roots(e hclsyntax.Expression) []string {
	var names []string
	join := func(es ...hclsyntax.Expression) {
		for _, e := range es {
			if e == nil {
				continue
			}
			for _, n := range ev.roots(e) {
				if !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
		}
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return nil
	case *hclsyntax.ScopeTraversalExpr:
		return []string{e.Traversal.RootName()}
	case *hclsyntax.AnonSymbolExpr:
		return []string{anonymous}
	case *hclsyntax.ParenthesesExpr:
		return ev.roots(e.Expression)
	case *jsonString:
		return ev.roots(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return ev.roots(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return ev.roots(e.Tuple)
	case *hclsyntax.RelativeTraversalExpr:
		return ev.roots(e.Source)
	case *hclsyntax.UnaryOpExpr:
		return ev.roots(e.Val)
	case *hclsyntax.ObjectConsKeyExpr:
		if !e.ForceNonLiteral && hcl.ExprAsKeyword(e.Wrapped) != "" {
			return nil
		}
		return ev.roots(e.Wrapped)
	}
	if names, ok := ev.free[e]; ok {
		return names
	}
	if ev.walk >= maxDepth {
		return []string{anonymous}
	}
	ev.walk++
	defer func() { ev.walk-- }()
	switch e := e.(type) {
	case *hclsyntax.FunctionCallExpr:
		join(e.Args...)
	case *hclsyntax.ConditionalExpr:
		join(e.Condition, e.TrueResult, e.FalseResult)
	case *hclsyntax.IndexExpr:
		join(e.Collection, e.Key)
	case *hclsyntax.TupleConsExpr:
		join(e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			join(item.KeyExpr, item.ValueExpr)
		}
	case *hclsyntax.BinaryOpExpr:
		join(e.LHS, e.RHS)
	case *hclsyntax.TemplateExpr:
		join(e.Parts...)
	case *hclsyntax.SplatExpr:
		join(e.Each)
		names = slices.DeleteFunc(names, func(n string) bool { return n == anonymous })
		join(e.Source)
	case *hclsyntax.ForExpr:
		join(e.KeyExpr, e.ValExpr, e.CondExpr)
		names = slices.DeleteFunc(names, func(n string) bool { return n == e.KeyVar || n == e.ValVar })
		join(e.CollExpr)
	}
	ev.free[e] = names
	return names
}
