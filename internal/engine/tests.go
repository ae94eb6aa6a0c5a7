package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// TestOptions say which tests run, and how.
type TestOptions struct {
	// Run is a regular expression, in Go's syntax, for the package and the name of
	// a test, as in internet_test.test_fires; empty means all.
	Run string
	// Timeout bounds each test; 0 means DefaultRuleTimeout.
	Timeout time.Duration
	// Coverage asks for the lines that no test reaches.
	Coverage bool
}

// TestResult is the outcome of one test.
type TestResult struct {
	File    string
	Line    int
	Package string
	Name    string
	Outcome Outcome
	// FailedLine is the line of the expression that was not true, and Failed its
	// text; 0 and empty if that is not known.
	FailedLine int
	Failed     string
	// Err is why the test could not be evaluated to its end.
	Err error
	// Output is what the test printed.
	Output string
}

// Outcome is how a test ended.
type Outcome int

// How a test ends.
const (
	Passed  Outcome = iota
	Failed          // not true, or not evaluated to its end
	Skipped         // its name begins with todo_
)

// TestRun is the outcome of the tests of policies.
type TestRun struct {
	Results []TestResult // by file, then line
	// Coverage is the share of the lines of rules and libraries that tests reached,
	// in percent, and Uncovered names the others. They are empty unless asked for.
	Coverage  float64
	Uncovered []Place
}

// Place is a line of a file.
type Place struct {
	File string
	Line int
}

// Test runs the tests of policies with the functions that rules may call, the
// schema of their input, and the defaults of their parameters. The limits of rules
// hold for tests too. The error joins the mistakes in them, as that of NewOwn does, or
// tells which limit is reached.
func Test(ctx context.Context, fsys fs.FS, p *Policies, opts TestOptions) (*TestRun, error) {
	opts.Timeout = cmp.Or(opts.Timeout, DefaultRuleTimeout)
	// What the rules refer to is checked without the tests, which may stand in for it.
	e, err := NewOwn(ctx, fsys, p, Options{RuleTimeout: opts.Timeout})
	if err != nil {
		return nil, err
	}
	if len(e.left) > 0 {
		return nil, fmt.Errorf("%s: %s", e.left[0].Range.File, e.left[0].Message)
	}
	defer p.enterAll(ctx)()
	if err := checkBodies(p.tests); err != nil {
		return nil, fmt.Errorf("compile tests: %w", err)
	}
	all := limits{time: opts.Timeout * time.Duration(1+countTests(p.tests)), memory: DefaultRuleMemory}
	run, err := within(ctx, all, func(ctx context.Context) (*TestRun, error) { return p.test(withMeters(ctx), fsys, opts) })
	if reached := (*limitError)(nil); errors.As(err, &reached) {
		return nil, fmt.Errorf("run tests: what they do together %w", err)
	}
	return run, err
}

func countTests(modules []module) int {
	n := 0
	for _, m := range modules {
		n += len(m.parsed.Rules)
	}
	return n
}

func (p *Policies) test(ctx context.Context, fsys fs.FS, opts TestOptions) (*TestRun, error) {
	libraries, err := load(fsys, "lib")
	if err != nil {
		return nil, err
	}
	compiler, err := ownCompiler(fsys, ownCapabilities("internal.test_case"))
	if err != nil {
		return nil, err
	}
	modules := make(map[string]*ast.Module)
	for _, m := range slices.Concat(p.modules, p.tests) {
		modules[m.name] = m.parsed
	}
	rules := maps.Clone(modules) // what coverage is about
	maps.DeleteFunc(rules, func(name string, _ *ast.Module) bool { return strings.HasSuffix(name, "_test.rego") })

	coverage := cover.New()
	store := inmem.NewFromObject(p.documents(nil))
	runner := tester.NewRunner().
		SetCompiler(compiler.WithEnablePrintStatements(true)).
		SetStore(store).
		SetModules(withLibraries(modules, libraries)).
		SetTimeout(opts.Timeout).
		RaiseBuiltinErrors(true).
		CapturePrintOutput(true).
		EnableTracing(true). // it tells which expression failed
		Filter(opts.Run)
	if opts.Coverage {
		runner = runner.SetCoverageQueryTracer(coverage)
	}
	run := &TestRun{}
	err = storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		results, err := runner.RunTests(ctx, txn)
		if err != nil {
			return explain("compile policy", err, p.outside)
		}
		for r := range results {
			run.Results = append(run.Results, newTestResult(r))
		}
		return context.Cause(ctx) // not all of them ran
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(run.Results, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	if opts.Coverage {
		run.cover(coverage.Report(rules))
	}
	return run, nil
}

func newTestResult(r *tester.Result) TestResult {
	result := TestResult{Package: strings.TrimPrefix(r.Package, "data."), Name: r.Name, Output: string(r.Output)}
	if r.Error != nil {
		result.Err = evalError(r.Error)
	}
	if r.Location != nil {
		result.File, result.Line = r.Location.File, r.Location.Row
	}
	switch {
	case r.Skip:
		result.Outcome = Skipped
	case r.Fail || r.Error != nil:
		result.Outcome = Failed
	}
	if result.Outcome == Failed {
		result.FailedLine, result.Failed = failure(r)
	}
	var cases []string
	for names, sub := range r.SubResults.Iter {
		if sub.Fail {
			cases = append(cases, strings.Join(names, "/"))
		}
	}
	if len(cases) > 0 {
		slices.Sort(cases)
		result.Err = cmp.Or(result.Err, fmt.Errorf("failed cases: %s", strings.Join(cases, ", ")))
	}
	return result
}

// failure is the line and the source of the last expression in the test's own file
// that was not true.
func failure(r *tester.Result) (line int, text string) {
	for _, event := range slices.Backward(r.Trace) {
		if event.Op == topdown.FailOp && event.Location != nil && r.Location != nil && event.Location.File == r.Location.File {
			text, _, _ = strings.Cut(string(event.Location.Text), "\n")
			return event.Location.Row, text
		}
	}
	return 0, ""
}

func (r *TestRun) cover(report cover.Report) {
	r.Coverage = report.Coverage
	for _, name := range slices.Sorted(maps.Keys(report.Files)) {
		for _, lines := range report.Files[name].NotCovered {
			for line := lines.Start.Row; line <= lines.End.Row; line++ {
				r.Uncovered = append(r.Uncovered, Place{name, line})
			}
		}
	}
}
