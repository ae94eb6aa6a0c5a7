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
	"github.com/open-policy-agent/opa/v1/storage"
	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
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
	// RuleTimeout bounds the evaluation of each rule, and the compilation of those of a
	// project's own; 0 means DefaultRuleTimeout.
	RuleTimeout time.Duration
	// RuleMemory bounds, in bytes, what the evaluation of a rule of a project's own
	// adds to the memory in use; 0 means DefaultRuleMemory.
	RuleMemory uint64
	// Parameters are values for the parameters of rules, by id and name. The
	// others have their defaults.
	Parameters map[string]map[string]any
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
	queries []query             // of the built-in rules
	own     []query             // of those of a project's own
	left    []source.Diagnostic // what is left out of these
	limits  limits
}

// query is an enabled rule, ready to run. Module is nil for a built-in rule.
type query struct {
	rule     *Rule
	prepared rego.PreparedEvalQuery
	module   *module
	limits   limits
}

// Rules reads what the METADATA in fsys says, without compiling anything. The
// result is sorted by id.
func Rules(fsys fs.FS) ([]Rule, error) {
	modules, err := load(fsys, "lib", "rules")
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
	meterBuiltins()
	modules, err := load(fsys, "lib", "rules")
	if err != nil {
		return nil, err
	}
	rules, err := rulesOf(modules)
	if err != nil {
		return nil, err
	}
	e, err := newEngine(rules, opts)
	if err != nil {
		return nil, err
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	if compiler.Compile(e.enabled(modules)); compiler.Failed() {
		return nil, fmt.Errorf("compile policies: %w", flatten(compiler.Errors))
	}
	return e, e.prepare(compiler, nil, nil)
}

// newEngine returns an engine that has no compiled rules yet.
func newEngine(rules []Rule, opts Options) (*Engine, error) {
	e := &Engine{rules: rules, limits: limits{
		time: cmp.Or(opts.RuleTimeout, DefaultRuleTimeout), memory: cmp.Or(opts.RuleMemory, DefaultRuleMemory),
	}}
	return e, e.enable(opts)
}

// enabled returns the modules by their names, without those of rules that are not
// enabled.
func (e *Engine) enabled(modules []module) map[string]*ast.Module {
	byName := make(map[string]*ast.Module, len(modules))
	for _, m := range modules {
		if m.rule == nil || e.rule(m.rule.ID).Enabled {
			byName[m.name] = m.parsed
		}
	}
	return byName
}

// prepare makes the enabled rules ready to run. The store holds the data that they
// read beside their input, and modules are those of a project's own rules; nil if
// there is none.
func (e *Engine) prepare(compiler *ast.Compiler, store storage.Store, modules []module) error {
	for i := range e.rules {
		rule := &e.rules[i]
		if !rule.Enabled {
			continue
		}
		options := []func(*rego.Rego){
			rego.Query(fmt.Sprintf("data.egresslint.rules.%s[%q].violation", rule.Category, rule.ID)),
			rego.Compiler(compiler),
			rego.StrictBuiltinErrors(true),
			rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
		}
		if store != nil {
			options = append(options, rego.Store(store))
		}
		prepared, err := rego.New(options...).PrepareForEval(context.Background())
		if err != nil {
			return fmt.Errorf("prepare rule %s: %w", rule.ID, flatten(err))
		}
		q := query{rule: rule, prepared: prepared, limits: e.limits}
		if i := slices.IndexFunc(modules, func(m module) bool { return m.name == rule.File }); i >= 0 {
			q.module = &modules[i]
			e.own = append(e.own, q)
		} else {
			e.queries = append(e.queries, q)
		}
	}
	return nil
}

// Join returns an engine that runs the rules of both. They have no id in common.
func (e *Engine) Join(other *Engine) *Engine {
	joined := &Engine{
		rules:   slices.Concat(e.rules, other.rules),
		queries: slices.Concat(e.queries, other.queries),
		own:     slices.Concat(e.own, other.own),
		left:    slices.Concat(e.left, other.left),
	}
	slices.SortFunc(joined.rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return joined
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

// Left tells of rules of a project's own that are left out, as Run does.
func (e *Engine) Left() []source.Diagnostic { return slices.Clone(e.left) }

// Rules returns all rules, enabled or not, sorted by id.
func (e *Engine) Rules() []Rule { return slices.Clone(e.rules) }

// Run evaluates every enabled rule over input, which Value made of the model.
// Results are sorted. A rule that fails or exceeds its time is told in a
// diagnostic and the rest goes on; so is each that remains when ctx is done. Of
// a rule that makes an unreadable violation, the others stand.
func (e *Engine) Run(ctx context.Context, input ast.Value) ([]Result, []source.Diagnostic) {
	results := make([][]Result, len(e.queries))
	failures := make([]error, len(e.queries))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range e.queries {
		group.Go(func() error {
			results[i], failures[i] = e.queries[i].run(ctx, input)
			return nil
		})
	}
	_ = group.Wait() // failures are per rule

	diagnostics := slices.Clone(e.left)
	for i, err := range failures {
		diagnostics = append(diagnostics, e.queries[i].told(err)...)
	}
	more, failed := e.runOwn(ctx, input)
	all := append(slices.Concat(results...), more...)
	slices.SortFunc(all, Result.compare)
	return all, append(diagnostics, failed...)
}

// maxOwnTime is how many times the time of one rule all rules of a project's own have
// together.
const maxOwnTime = 5

// runOwn evaluates the rules of a project's own, one after the other, so that it is
// known which of them takes what.
func (e *Engine) runOwn(ctx context.Context, input ast.Value) ([]Result, []source.Diagnostic) {
	var results []Result
	var diagnostics []source.Diagnostic
	start := time.Now()
	for i := range e.own {
		q := &e.own[i]
		if all := maxOwnTime * q.limits.time; guard.On(guard.RegoBudgets) && time.Since(start) > all {
			diagnostics = append(diagnostics, q.told(limitf("there was no time for it: the rules before it took longer than %s", all))...)
			continue
		}
		leave, left := part.Enter(ctx, q.module.part)
		if left != nil {
			diagnostics = append(diagnostics, *left)
			continue
		}
		found, err := within(ctx, q.limits, func(ctx context.Context) ([]Result, error) {
			return q.run(withMeter(ctx), input)
		})
		leave(len(found))
		results = append(results, found...)
		diagnostics = append(diagnostics, q.told(err)...)
	}
	return results, diagnostics
}

// told is what is said of a rule that failed.
func (q *query) told(err error) []source.Diagnostic {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		err = limitf("the time of the run was over")
	}
	d := source.Diagnostic{Kind: source.PolicyError, Message: fmt.Sprintf("evaluate rule %s: %s", q.rule.ID, oneLine(err))}
	if q.module != nil {
		d.Range.File = q.module.file
	}
	var reached *limitError
	if errors.As(err, &reached) {
		d.Kind = source.LimitReached
	}
	return []source.Diagnostic{d}
}

func (q *query) run(whole context.Context, input ast.Value) (results []Result, err error) {
	ctx, cancel := context.WithTimeout(whole, q.limits.time)
	defer cancel()
	// A panic in a goroutine would end the process before the command line could
	// say anything useful.
	defer func() {
		if r := recover(); r != nil {
			results, err = nil, panicked(r)
		}
	}()
	options := []rego.EvalOption{rego.EvalParsedInput(input)}
	if q.module != nil && guard.On(guard.RegoBudgets) {
		options = append(options, rego.EvalQueryTracer(&interrupter{ctx: ctx}))
	}
	set, err := q.prepared.Eval(ctx, options...)
	if err != nil {
		switch {
		case whole.Err() != nil:
			return nil, whole.Err()
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, fmt.Errorf("took longer than %s", q.limits.time)
		}
		return nil, evalError(err)
	}
	var failed []error
	space := maxResults
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
				if space -= result.size(); space < 0 && q.module != nil && guard.On(guard.RegoBudgets) {
					return nil, limitf("what it reports has more than %d MiB", maxResults>>20)
				}
				results = append(results, result)
			}
		}
	}
	return results, errors.Join(failed...)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
