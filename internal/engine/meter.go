package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// maxMade is how many bytes the built-in functions may make in one evaluation of
	// a rule of a project's own, and maxCall how many of them in one call.
	maxMade = 256 << 20
	maxCall = 32 << 20
	// maxSteps is how much one call may compute, in steps that take nanoseconds. The
	// time limit of a rule ends nothing inside a call.
	maxSteps = 1 << 26
	// maxPattern is how long a regular expression or glob may be, in bytes.
	maxPattern = 4 << 10
	// maxDigits is how many digits a number may have that is computed with.
	maxDigits = 4 << 10
)

// limitError is a limit that a rule of a project's own has reached. File is the name
// of its file in the tree, if that is known.
type limitError struct{ file, text string }

func (e *limitError) Error() string { return e.text }

func limitf(format string, args ...any) error {
	return &limitError{text: fmt.Sprintf(format, args...)}
}

// meter counts what the built-in functions make for one evaluation.
type meter struct {
	left     int64
	programs map[string]int64 // how many steps a regular expression takes for a byte
}

func newMeter() *meter { return &meter{left: maxMade, programs: make(map[string]int64)} }

// meters has a meter for each test of a run: each has a context of its own.
type meters struct {
	mu        sync.Mutex
	byContext map[context.Context]*meter
}

func (m *meters) of(ctx context.Context) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.byContext[ctx]
	if one == nil {
		one = newMeter()
		m.byContext[ctx] = one
	}
	return one
}

type meterKey struct{}

// withMeter returns a context for one evaluation of a rule of a project's own.
func withMeter(ctx context.Context) context.Context {
	if !guard.On(guard.RegoBudgets) {
		return ctx
	}
	return context.WithValue(ctx, meterKey{}, newMeter())
}

// withMeters returns a context for a run of tests.
func withMeters(ctx context.Context) context.Context {
	if !guard.On(guard.RegoBudgets) {
		return ctx
	}
	return context.WithValue(ctx, meterKey{}, &meters{byContext: make(map[context.Context]*meter)})
}

// meterOf returns the meter of an evaluation, or nil if nobody counts: the built-in
// rules are known to be modest.
func meterOf(ctx context.Context) *meter {
	if ctx == nil {
		return nil
	}
	switch m := ctx.Value(meterKey{}).(type) {
	case *meter:
		return m
	case *meters:
		return m.of(ctx)
	default:
		return nil
	}
}

// meterBuiltins makes the built-in functions count what they make wherever a meter is
// at hand. OPA keeps them in one place for the whole process, so that this happens
// once, before any rule runs.
var meterBuiltins = sync.OnceFunc(func() {
	for name, c := range costs {
		declared, f := ast.BuiltinMap[name], topdown.GetBuiltin(name)
		if c == nil || declared == nil || f == nil { // print is syntax
			continue
		}
		declared.CanSkipBctx = false // it finds the meter in the context
		topdown.RegisterBuiltinFunc(name, metered(name, declared.Decl.Arity(), c, f))
	}
})

// metered refuses a call, before it is made, that would make or compute too much.
func metered(name string, arity int, c cost, f topdown.BuiltinFunc) topdown.BuiltinFunc {
	return func(bctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		m := meterOf(bctx.Context)
		if m == nil {
			return f(bctx, operands, iter)
		}
		if bctx.Cancel != nil && bctx.Cancel.Cancelled() {
			return topdown.Halt{Err: context.Cause(bctx.Context)}
		}
		// What the result goes to may stand behind the operands.
		if err := m.charge(name, c(m, operands[:min(arity, len(operands))])); err != nil {
			return topdown.Halt{Err: err}
		}
		return f(bctx, operands, iter)
	}
}

// charge takes the price of a call from what is left.
func (m *meter) charge(name string, p price) error {
	switch {
	case p.why != "":
		return limitf("%s: %s", name, p.why)
	case p.bytes > maxCall:
		return limitf("%s: one call would make more than %d MiB", name, maxCall>>20)
	case p.steps > maxSteps:
		return limitf("%s: one call would compare or search too much", name)
	case p.bytes > m.left:
		return limitf("%s: functions make more than %d MiB", name, maxMade>>20)
	}
	m.left -= p.bytes
	return nil
}
