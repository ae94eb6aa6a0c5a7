package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/source"
)

// DefaultRuleTimeout bounds the evaluation of one rule. The slowest built-in
// rule takes milliseconds on large inputs.
const DefaultRuleTimeout = 10 * time.Second

// Options select the rules of an engine.
type Options struct {
	// Only names the rules to compile; empty means all.
	Only []string
	// Disable names rules to leave out, also of those in Only.
	Disable []string
	// RuleTimeout bounds the evaluation of each rule; 0 means DefaultRuleTimeout.
	RuleTimeout time.Duration
}

// UnknownRuleError is an id in Options that no rule has.
type UnknownRuleError struct {
	ID    string
	Known []string // the ids there are, sorted
}

func (e *UnknownRuleError) Error() string { return fmt.Sprintf("select rules: no rule %q", e.ID) }

// Engine holds compiled rules. It is safe for concurrent use.
type Engine struct {
	rules   []Rule
	queries []query
	timeout time.Duration
}

// query is an enabled rule, ready to run.
type query struct {
	rule     *Rule
	prepared rego.PreparedEvalQuery
}

// Rules reads what the METADATA in fsys says, without compiling anything. The
// result is sorted by id.
func Rules(fsys fs.FS) ([]Rule, error) {
	modules, err := load(fsys)
	if err != nil {
		return nil, err
	}
	return rulesOf(modules)
}

func rulesOf(modules []module) ([]Rule, error) {
	var rules []Rule
	for _, m := range modules {
		if m.rule != nil {
			rules = append(rules, *m.rule)
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(rules); i++ {
		if rules[i].ID == rules[i-1].ID {
			return nil, fmt.Errorf("load rules: two rules have the id %q", rules[i].ID)
		}
	}
	return rules, nil
}

// New compiles the rules of fsys, which has the layout of the policies
// directory. Only enabled rules are compiled. The error is an
// *UnknownRuleError if opts names a rule that does not exist; every other error
// means that the policies themselves are broken.
func New(fsys fs.FS, opts Options) (*Engine, error) {
	modules, err := load(fsys)
	if err != nil {
		return nil, err
	}
	e := &Engine{timeout: cmp.Or(opts.RuleTimeout, DefaultRuleTimeout)}
	if e.rules, err = rulesOf(modules); err != nil {
		return nil, err
	}
	if err := e.enable(opts); err != nil {
		return nil, err
	}

	enabled := make(map[string]*ast.Module, len(modules))
	for _, m := range modules {
		if m.rule == nil || e.rule(m.rule.ID).Enabled {
			enabled[m.name] = m.parsed
		}
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	if compiler.Compile(enabled); compiler.Failed() {
		return nil, fmt.Errorf("compile policies: %w", flatten(compiler.Errors))
	}
	for i := range e.rules {
		rule := &e.rules[i]
		if !rule.Enabled {
			continue
		}
		prepared, err := rego.New(
			rego.Query(fmt.Sprintf("data.egresslint.rules.%s[%q].violation", rule.Category, rule.ID)),
			rego.Compiler(compiler),
			rego.StrictBuiltinErrors(true),
			rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
		).PrepareForEval(context.Background())
		if err != nil {
			return nil, fmt.Errorf("prepare rule %s: %w", rule.ID, flatten(err))
		}
		e.queries = append(e.queries, query{rule: rule, prepared: prepared})
	}
	return e, nil
}

// enable sets Rule.Enabled as opts says.
func (e *Engine) enable(opts Options) error {
	for _, id := range slices.Concat(opts.Only, opts.Disable) {
		if e.rule(id) == nil {
			known := make([]string, len(e.rules))
			for i := range e.rules {
				known[i] = e.rules[i].ID
			}
			return &UnknownRuleError{ID: id, Known: known}
		}
	}
	for i := range e.rules {
		id := e.rules[i].ID
		e.rules[i].Enabled = (len(opts.Only) == 0 || slices.Contains(opts.Only, id)) && !slices.Contains(opts.Disable, id)
	}
	return nil
}

func (e *Engine) rule(id string) *Rule {
	i, found := slices.BinarySearchFunc(e.rules, id, func(r Rule, id string) int { return cmp.Compare(r.ID, id) })
	if !found {
		return nil
	}
	return &e.rules[i]
}

// Rules returns all rules, enabled or not, sorted by id.
func (e *Engine) Rules() []Rule { return slices.Clone(e.rules) }

// Run evaluates every enabled rule over input, which Value made of the model.
// Results are sorted. A rule that fails or exceeds its time is told in a
// PolicyError and the rest goes on; so is each that remains when ctx is done. Of
// a rule that makes an unreadable violation, the others stand.
func (e *Engine) Run(ctx context.Context, input ast.Value) ([]Result, []source.Diagnostic) {
	results := make([][]Result, len(e.queries))
	failures := make([]error, len(e.queries))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range e.queries {
		group.Go(func() error {
			results[i], failures[i] = e.queries[i].run(ctx, input, e.timeout)
			return nil
		})
	}
	_ = group.Wait() // failures are per rule

	var diagnostics []source.Diagnostic
	for i, err := range failures {
		if err != nil {
			diagnostics = append(diagnostics, source.Diagnostic{
				Kind:    source.PolicyError,
				Message: fmt.Sprintf("evaluate rule %s: %s", e.queries[i].rule.ID, oneLine(err)),
			})
		}
	}
	all := slices.Concat(results...)
	slices.SortFunc(all, Result.compare)
	return all, diagnostics
}

func (q *query) run(ctx context.Context, input ast.Value, timeout time.Duration) (results []Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// A panic in a goroutine would end the process before the command line could
	// say anything useful.
	defer func() {
		if r := recover(); r != nil {
			results, err = nil, fmt.Errorf("internal error: %v", r)
		}
	}()
	set, err := q.prepared.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, fmt.Errorf("took longer than %s", timeout)
		}
		return nil, err
	}
	var failed []error
	for _, r := range set {
		for _, expression := range r.Expressions {
			violations, ok := expression.Value.(ast.Set)
			if !ok {
				return nil, errors.New("violation is not a set")
			}
			for _, v := range violations.Slice() {
				result, err := decode(q.rule, v.Value)
				if err != nil {
					failed = append(failed, err)
					continue
				}
				results = append(results, result)
			}
		}
	}
	return results, errors.Join(failed...)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
