package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/egress"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// stage is how long a step of a run took.
type stage struct {
	name string
	took time.Duration
}

// stopwatch measures the stages of a run.
type stopwatch struct {
	last   time.Time
	stages []stage
}

func newStopwatch() *stopwatch { return &stopwatch{last: time.Now()} }

// lap ends a stage.
func (s *stopwatch) lap(name string) {
	now := time.Now()
	s.stages = append(s.stages, stage{name, now.Sub(s.last)})
	s.last = now
}

// pending is a value that another goroutine computes.
type pending[T any] struct{ ch chan outcome[T] }

type outcome[T any] struct {
	value T
	err   error
}

// start computes a value in another goroutine. A panic there becomes an error
// instead of the end of the process.
func start[T any](compute func() (T, error)) pending[T] {
	p := pending[T]{ch: make(chan outcome[T], 1)}
	go func() {
		var o outcome[T]
		defer func() {
			if r := recover(); r != nil {
				o.err = &panicError{told: guard.PanicText(r), stack: debug.Stack()}
			}
			p.ch <- o
		}()
		o.value, o.err = compute()
	}()
	return p
}

// wait returns the value, or the error of ctx if that is done first.
func (p pending[T]) wait(ctx context.Context) (T, error) {
	select {
	case o := <-p.ch:
		p.ch <- o // for others that wait
		return o.value, o.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}

// timedOut puts the end of a run's time into words.
func timedOut(err error, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("analyse: it took longer than --timeout %s", timeout)
	}
	return err
}

// world is what the files say.
type world struct {
	parsed      *parser.Result
	model       *egress.Model
	diagnostics []source.Diagnostic
}

// read parses the input and builds the model.
func read(ctx context.Context, in *input, watch *stopwatch) (*world, error) {
	part.Stage(ctx, "read files")
	parsed, err := start(func() (*parser.Result, error) {
		return parser.Parse(ctx, in.tree, in.parser)
	}).wait(ctx)
	if err != nil {
		return nil, err
	}
	in.redactor.Add(parsed.Secrets())
	watch.lap("read files")
	part.Stage(ctx, "build model")
	w, err := start(func() (*world, error) {
		model, diagnostics, err := egress.Build(ctx, egress.Input{Objects: parsed.Objects, Roots: parsed.Roots, Options: in.egress})
		if err != nil {
			return nil, err
		}
		return &world{parsed: parsed, model: model, diagnostics: append(parsed.Diagnostics, diagnostics...)}, nil
	}).wait(ctx)
	if err != nil {
		return nil, err
	}
	watch.lap("build model")
	return w, nil
}

// judgement is what the rules make of a world.
type judgement struct {
	pipeline.Outcome
	rules        *engine.Engine
	suppressions *suppress.Set
}

// enabled returns the rules that ran and whose findings count.
func (j *judgement) enabled(opts pipeline.Options) []string {
	return idsOf(slices.DeleteFunc(j.rules.Rules(), func(r engine.Rule) bool { return !r.Enabled || opts.Off[r.ID] }))
}

func idsOf(rules []engine.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// judge runs the rules over the model.
func judge(ctx context.Context, in *input, w *world, compiled pending[*engine.Engine], opts pipeline.Options, now time.Time, watch *stopwatch) (*judgement, error) {
	suppressions := start(func() (*suppress.Set, error) {
		return suppress.Read(ctx, suppress.Input{
			Tree: in.tree, Files: w.parsed.Linted, Annotations: w.model.Ignores, Config: in.cfg.Suppressions,
			Beside: in.beside(), Now: now,
		})
	})
	part.Stage(ctx, "judge model")
	value, err := engine.Value(w.model.RuleInput())
	if err != nil {
		return nil, fmt.Errorf("judge model: %w", err)
	}
	watch.lap("convert model")
	rules, err := compiled.wait(ctx)
	if err != nil {
		return nil, err
	}
	watch.lap("wait for rules")
	// Rules that the time does not suffice for are told in diagnostics; what the
	// others found is worth printing.
	results, diagnostics := rules.Run(ctx, value)
	w.diagnostics = append(w.diagnostics, diagnostics...)
	watch.lap("judge")
	if opts.Suppressions, err = suppressions.wait(ctx); err != nil {
		return nil, err
	}
	outcome, err := pipeline.Run(ctx, results, w.model.Origins, opts)
	if err != nil {
		return nil, err
	}
	w.diagnostics = append(w.diagnostics, outcome.Diagnostics...)
	return &judgement{Outcome: outcome, rules: rules, suppressions: opts.Suppressions}, nil
}

// complete reports whether everything could be analysed.
func (w *world) complete() bool {
	for _, d := range w.diagnostics {
		if d.Fatal() {
			return false
		}
	}
	return true
}
