package analysis

import (
	"context"
	"io/fs"
	"path"
	"slices"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/policies"
)

// Rules are rules that are compiled, or being compiled. They can judge any number of
// models.
type Rules struct{ engine Pending[*engine.Engine] }

// Selection says which rules run, by their ids.
type Selection struct {
	Only    []string // if any, no other rule runs
	Disable []string
}

// leavesOut returns those of ids that do not run. Only what is known of a rule's
// origin decides where it is compiled, so that both engines get all ids they do not
// run.
func (s Selection) leavesOut(ids []string) []string {
	var out []string
	for _, id := range ids {
		if slices.Contains(s.Disable, id) || len(s.Only) > 0 && !slices.Contains(s.Only, id) {
			out = append(out, id)
		}
	}
	return out
}

// BuiltIn compiles the built-in rules. This takes longer than anything else on small
// inputs and depends on nothing that is read, so that it is best begun first.
func BuiltIn(s Selection) Rules {
	return Rules{Start(func() (*engine.Engine, error) {
		return engine.New(policies.FS, engine.Options{Disable: s.leavesOut(BuiltInIDs())})
	})}
}

// BuiltInIDs are the ids of the built-in rules, sorted. They are read off the layout of
// the policies, which is cheaper than parsing them.
func BuiltInIDs() []string {
	files, err := fs.Glob(policies.FS, "rules/*/*/rule.rego")
	if err != nil {
		return nil // only a malformed pattern gives an error
	}
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = path.Base(path.Dir(f))
	}
	slices.Sort(ids)
	return ids
}

// With adds rules of a project's own; nil for none.
func (r Rules) With(ctx context.Context, own *engine.Policies, cfg *config.Config, s Selection) Rules {
	if own == nil {
		return r
	}
	return Rules{Start(func() (*engine.Engine, error) {
		compiled, err := CompileOwn(ctx, own, cfg, s)
		if err != nil {
			return nil, err
		}
		e, err := r.engine.Wait(ctx)
		if err != nil {
			return nil, err
		}
		return e.Join(compiled), nil
	})}
}

// CompileOwn compiles the rules of a project's own, with the parameters that its
// configuration gives.
func CompileOwn(ctx context.Context, own *engine.Policies, cfg *config.Config, s Selection) (*engine.Engine, error) {
	e, err := engine.NewOwn(ctx, policies.FS, own, engine.Options{
		Disable: s.leavesOut(idsOf(own.Rules())), Parameters: parameters(cfg),
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &Mistake{err}
	}
	return e, nil
}

// Mistake is an error in what the project wrote for egresslint: a rule of its own.
type Mistake struct{ err error }

func (e *Mistake) Error() string { return e.err.Error() }
func (e *Mistake) Unwrap() error { return e.err }

// parameters are the values that the configuration gives, by rule and name.
func parameters(cfg *config.Config) map[string]map[string]any {
	all := make(map[string]map[string]any)
	for _, r := range cfg.Rules {
		for _, p := range r.Parameters {
			if all[r.ID] == nil {
				all[r.ID] = make(map[string]any)
			}
			all[r.ID][p.Name] = p.Value
		}
	}
	return all
}

// overrides are what the configuration says of rules. One that is asked for by name runs
// even if the configuration switches it off.
func overrides(cfg *config.Config, only []string) pipeline.Options {
	opts := pipeline.Options{Severity: make(map[string]finding.Severity), Off: make(map[string]bool)}
	for _, r := range cfg.Rules {
		switch {
		case r.Severity != 0:
			opts.Severity[r.ID] = r.Severity
		case r.Off && !slices.Contains(only, r.ID):
			opts.Off[r.ID] = true
		}
	}
	return opts
}

// uncalled are the directories of Terraform modules that nothing calls.
func uncalled(parsed *parser.Result) map[string]bool {
	dirs := make(map[string]bool)
	for _, root := range parsed.Roots {
		if root.Uncalled {
			dirs[root.Dir] = true
		}
	}
	return dirs
}

func idsOf(rules []engine.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}
