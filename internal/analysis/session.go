// Package analysis is the way from the files of a tree to findings, without a command
// line: what a run, a comparison of revisions, a test and an editor have in common.
package analysis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Settings say what is analysed, and how. Names of files are relative to the root of the
// tree.
type Settings struct {
	// Paths are the files and folders that are linted.
	Paths []string
	// Config is the project's configuration; nil stands for an empty one.
	Config *config.Config
	// Exclude are globs of what is not linted besides those of the configuration.
	Exclude []Glob
	// Terraform are the variables that Terraform is evaluated with.
	Terraform terraform.Options
	// ClusterNetwork is the network plug-in of clusters whose files do not say it.
	ClusterNetwork string
	// Baseline are findings that do not count; nil for none.
	Baseline *baseline.Baseline
	// Beside are files that are read in the place of those of the tree, by name, for
	// comments that suppress something in them.
	Beside map[string][]byte
	// Now is the day that suppressions are compared with.
	Now time.Time
	// Secrets is given what must not be printed, as soon as it is known; nil for nobody.
	Secrets func(*located.Secrets)
}

// Glob is a pattern, and how the person wrote it.
type Glob struct{ Pattern, Text string }

// Session analyses a tree. It is a value: what it is made of does not change, and
// analyses that run side by side do not meet. What its files say is kept from one analysis
// to the next, also to that of another state of the tree, so that only what depends on a
// file that changed is read again.
type Session struct {
	tree     *source.Tree
	settings Settings
	rules    Rules
	selected Selection
	parser   parser.Options
	egress   world.Options
}

// New returns the session for a tree. It judges nothing until it has rules.
func New(tree *source.Tree, settings Settings) Session {
	return open(tree, settings, parser.NewCache())
}

func open(tree *source.Tree, settings Settings, cache *parser.Cache) Session {
	if settings.Config == nil {
		settings.Config = &config.Config{}
	}
	s := Session{
		tree: tree, settings: settings,
		parser: parserOptions(settings), egress: egressOptions(settings),
	}
	s.parser.Cache = cache
	return s
}

// At returns the session for another state of the tree, where paths are linted.
func (s Session) At(tree *source.Tree, paths []string) Session {
	s.settings.Paths = paths
	return open(tree, s.settings, s.parser.Cache).WithRules(s.rules, s.selected)
}

// WithRules returns the session that judges with rules. Those that are selected by name
// run whatever the configuration says of them.
func (s Session) WithRules(rules Rules, selected Selection) Session {
	s.rules, s.selected = rules, selected
	return s
}

// WithBaseline returns the session in which the findings of a baseline do not count; nil
// for none.
func (s Session) WithBaseline(base *baseline.Baseline) Session {
	s.settings.Baseline = base
	return s
}

// Facts are what the files say.
type Facts struct {
	Parsed *parser.Result
	Model  *model.Model
	// Diagnostics are about what could not be read, and why.
	Diagnostics []source.Diagnostic
	// Stages are how long each step took.
	Stages *Stages
}

// Complete reports whether everything could be analysed.
func (f *Facts) Complete() bool { return complete(f.Diagnostics) }

func complete(diagnostics []source.Diagnostic) bool {
	return !slices.ContainsFunc(diagnostics, source.Diagnostic.Fatal)
}

// Facts reads the files and builds the model. The error is that of ctx, or a [Panic].
func (s Session) Facts(ctx context.Context) (*Facts, error) {
	stages := NewStages()
	parsed, err := s.parse(ctx)
	if err != nil {
		return nil, err
	}
	stages.Lap("read files")
	return s.build(ctx, parsed, s.input(parsed), stages)
}

// build makes the model of what was read.
func (s Session) build(ctx context.Context, parsed *parser.Result, input world.Input, stages *Stages) (*Facts, error) {
	part.Stage(ctx, "build model")
	facts, err := Start(func() (*Facts, error) {
		model, diagnostics, err := trace.Build(ctx, input)
		if err != nil {
			return nil, err
		}
		return &Facts{Parsed: parsed, Model: model, Diagnostics: slices.Concat(parsed.Diagnostics, diagnostics), Stages: stages}, nil
	}).Wait(ctx)
	if err != nil {
		return nil, err
	}
	stages.Lap("build model")
	return facts, nil
}

// Connectivity reads the files, and who may connect to whom as their policies have it.
// There is no model among the facts. The error is that of ctx, or a [Panic].
func (s Session) Connectivity(ctx context.Context) (*trace.Connectivity, *Facts, error) {
	parsed, err := s.parse(ctx)
	if err != nil {
		return nil, nil, err
	}
	part.Stage(ctx, "read policies")
	facts := &Facts{Parsed: parsed}
	c, err := Start(func() (*trace.Connectivity, error) {
		c, diagnostics, err := trace.NewConnectivity(ctx, s.input(parsed))
		facts.Diagnostics = slices.Concat(parsed.Diagnostics, diagnostics)
		return c, err
	}).Wait(ctx)
	if err != nil {
		return nil, nil, err
	}
	return c, facts, nil
}

// Asked returns the facts as they are if workloads need more: the files are not read
// again. The error is that of ctx, or a [Panic].
func (s Session) Asked(ctx context.Context, facts *Facts, more []config.Requirement) (*Facts, error) {
	input := s.input(facts.Parsed)
	input.Options.Requirements = slices.Clone(input.Options.Requirements)
	for _, r := range more {
		input.Options.Requirements = append(input.Options.Requirements, world.RequirementConfig(r))
	}
	return s.build(ctx, facts.Parsed, input, facts.Stages)
}

func (s Session) parse(ctx context.Context) (*parser.Result, error) {
	part.Stage(ctx, "read files")
	parsed, err := Start(func() (*parser.Result, error) { return parser.Parse(ctx, s.tree, s.parser) }).Wait(ctx)
	if err == nil && s.settings.Secrets != nil {
		s.settings.Secrets(parsed.Secrets())
	}
	return parsed, err
}

func (s Session) input(parsed *parser.Result) world.Input {
	return world.Input{Objects: parsed.Objects, Roots: parsed.Roots, Rendered: parsed.Rendered, Options: s.egress}
}

// Result is what the rules make of the facts.
type Result struct {
	*Facts
	pipeline.Outcome
	// Diagnostics are those of the facts, and what is to be said of rules, suppressions
	// and settings.
	Diagnostics []source.Diagnostic
	// Rules are the rules that ran.
	Rules []engine.Rule
	// Ran are the ids of those whose findings count.
	Ran []string
	// Suppressions are what the files and the configuration suppress.
	Suppressions *suppress.Set
	// Baseline is what became of the baseline; nil without one.
	Baseline *baseline.Use
}

// Complete reports whether everything could be analysed.
func (r *Result) Complete() bool { return complete(r.Diagnostics) }

// Analyze reads the files, judges them, and says which settings had no effect. The error
// is that of ctx, a [Panic], a [Mistake], or one of a suppression that cannot be read.
func (s Session) Analyze(ctx context.Context) (*Result, error) {
	facts, err := s.Facts(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Judge(ctx, facts)
	if err != nil {
		return nil, err
	}
	whole := len(s.settings.Exclude) == 0 && r.Complete()
	r.Diagnostics = slices.Concat(r.Diagnostics, s.unused(facts.Parsed), r.Suppressions.Diagnostics(suppress.Run{
		Known: idsOf(r.Rules), Ran: func(id string) bool { return slices.Contains(r.Ran, id) },
		Whole: whole && s.LintsAll(),
	}))
	if whole {
		r.Diagnostics = append(r.Diagnostics, s.fixed(r)...)
	}
	return r, nil
}

// Judge runs the rules over facts of the session.
func (s Session) Judge(ctx context.Context, facts *Facts) (*Result, error) {
	pending := Start(func() (*suppress.Set, error) {
		return suppress.Read(ctx, suppress.Input{
			Tree: s.tree, Files: facts.Parsed.Linted, Annotations: facts.Model.Ignores, Config: s.settings.Config.Suppressions,
			Beside: s.settings.Beside, Now: s.settings.Now,
		})
	})
	part.Stage(ctx, "judge model")
	value, err := engine.Value(facts.Model.RuleInput())
	if err != nil {
		return nil, fmt.Errorf("judge model: %w", err)
	}
	facts.Stages.Lap("convert model")
	rules, err := s.rules.engine.Wait(ctx)
	if err != nil {
		return nil, err
	}
	facts.Stages.Lap("wait for rules")
	// Rules that the time does not suffice for are told in diagnostics; what the
	// others found is worth printing.
	results, failed := rules.Run(ctx, value)
	facts.Stages.Lap("judge")
	opts := overrides(s.settings.Config, s.selected.Only)
	opts.Uncalled = uncalled(facts.Parsed)
	if opts.Suppressions, err = pending.Wait(ctx); err != nil {
		return nil, err
	}
	if s.settings.Baseline != nil {
		opts.Baseline = s.settings.Baseline.Use()
	}
	outcome, err := pipeline.Run(ctx, results, facts.Model.Origins, opts)
	if err != nil {
		return nil, err
	}
	all := rules.Rules()
	return &Result{
		Facts: facts, Outcome: outcome, Diagnostics: slices.Concat(facts.Diagnostics, failed, outcome.Diagnostics),
		Rules:        all,
		Ran:          idsOf(slices.DeleteFunc(slices.Clone(all), func(r engine.Rule) bool { return !r.Enabled || opts.Off[r.ID] })),
		Suppressions: opts.Suppressions, Baseline: opts.Baseline,
	}, nil
}

// Stage is how long a step took.
type Stage struct {
	Name string
	Took time.Duration
}

// Stages are the steps of an analysis, in their order.
type Stages struct {
	last time.Time
	List []Stage
}

// NewStages begins the first step.
func NewStages() *Stages { return &Stages{last: time.Now()} }

// Lap ends a step.
func (s *Stages) Lap(name string) {
	now := time.Now()
	s.List = append(s.List, Stage{name, now.Sub(s.last)})
	s.last = now
}
