package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

// before is what the files said where a change began.
type before struct {
	ref, commit string
	// same says that nothing has changed, so that the findings need not be computed.
	same     bool
	findings []*finding.Finding
	missing  *revision.Unavailable // why there is nothing of it

	// What the checks are compared with. The files are open until that is done.
	in           *input
	files        *earlier
	world        *world
	suppressions *suppress.Set
	renames      []revision.Rename
	given        []string // the paths of the command line, by their names there
	start        string   // the folder from which the configuration is looked for
}

// startBefore calls findBefore beside the run.
func startBefore(ctx context.Context, in *input, ref string, compiled pending[*engine.Engine], opts pipeline.Options, now time.Time) pending[*before] {
	return start(func() (*before, error) { return findBefore(ctx, in, ref, compiled, opts, now) })
}

// findBefore lints the files of the commit at which HEAD and ref part, with the
// options of the run and the configuration that is there now, so that neither a
// new rule nor a new setting makes an old mistake a new one. Without a ref there
// is nothing to do.
func findBefore(ctx context.Context, in *input, ref string, compiled pending[*engine.Engine], opts pipeline.Options, now time.Time) (*before, error) {
	if ref == "" {
		return nil, nil //nolint:nilnil // no comparison was asked for
	}
	b := &before{ref: ref}
	err := b.lint(ctx, in, compiled, opts, now)
	if err != nil && ctx.Err() == nil && errors.As(err, &b.missing) {
		return b, nil
	}
	return b, err
}

// beforeChange is the name of the commit at which HEAD and --changed-since part.
const beforeChange = "before"

// revisions asks git for the commits that --changed-since and --config-from-base are
// about.
func (f *lintFlags) revisions(ctx context.Context, repo *git.Repository) (map[string]commit, error) {
	commits := make(map[string]commit)
	for name, snapshot := range map[string]func() (*revision.Snapshot, error){
		beforeChange: func() (*revision.Snapshot, error) { return f.changedFrom(ctx, repo) },
		configBefore: func() (*revision.Snapshot, error) { return f.input.configFrom.files(ctx, repo) },
	} {
		c, err := commitOf(snapshot())
		if err != nil {
			return nil, err
		}
		commits[name] = c
	}
	return commits, nil
}

// changedFrom is the commit at which HEAD and --changed-since part; nil without one.
func (f *lintFlags) changedFrom(ctx context.Context, repo *git.Repository) (*revision.Snapshot, error) {
	if f.changedSince == "" {
		return nil, nil //nolint:nilnil // no comparison was asked for
	}
	id, err := parting(ctx, repo, f.changedSince)
	if err != nil {
		return nil, err
	}
	return repo.Snapshot(ctx, id)
}

func (b *before) lint(ctx context.Context, in *input, compiled pending[*engine.Engine], opts pipeline.Options, now time.Time) error {
	c := in.commit(beforeChange)
	if err := c.unavailable(); err != nil {
		return err
	}
	b.commit = c.Snapshot.Commit
	if !c.Snapshot.Changed() {
		b.same = true
		return nil
	}
	files := in.at(ctx, c.Snapshot)
	if err := b.read(ctx, in, files, compiled, opts, now); err != nil {
		_ = files.Close() // the error is what counts
		return err
	}
	return nil
}

func (b *before) read(ctx context.Context, in *input, files *earlier, compiled pending[*engine.Engine], opts pipeline.Options, now time.Time) error {
	b.hold(files, in.given)
	w, err := read(ctx, files.input, newStopwatch())
	if err != nil {
		return err
	}
	// What is suppressed there is not there: who removes a comment or an annotation
	// brings its finding back. The configuration is that of now on both sides.
	judged, err := judge(ctx, files.input, w, compiled, opts, now, newStopwatch())
	if err != nil {
		return err
	}
	b.findings, b.world, b.suppressions = judged.Findings, w, judged.suppressions
	return nil
}

// earlier is an input whose files are those of a revision.
type earlier struct {
	*input
	contents
	snapshot *revision.Snapshot
}

// at is the input with the files of a commit.
func (in *input) at(ctx context.Context, s *revision.Snapshot) *earlier {
	e := &earlier{snapshot: s, contents: in.contents(ctx, in.tree.FS(), s)}
	then, place := *in, *in.workspace
	place.tree = in.tree.At(e.FS, s.Tracked())
	then.workspace = &place
	e.input = &then
	e.parser.Paths = formerPaths(s, e.tree, e.parser.Paths)
	// The revision may not have a file of variables that the command line names: then it
	// is read as it is now.
	for _, name := range in.parser.Terraform.VarFiles {
		if _, err := e.tree.Stat(name); err == nil {
			continue
		}
		if data, err := in.tree.ReadFile(name); err == nil {
			e.tree.Overlay(name, data)
		}
	}
	return e
}

// close ends what reads from the revision, and returns why what was read is not all of
// it, if so.
func (b *before) close() error {
	if b.files == nil {
		return nil
	}
	return b.files.Close()
}

// compare suppresses the findings that were there before, and tells what became of the
// checks. It returns nil if there is nothing to compare with.
func (in *input) compare(ctx context.Context, f *lintFlags, w *world, judged *judgement, pending pending[*before]) (*report.Comparison, error) {
	b, err := pending.wait(ctx)
	if err != nil || b == nil {
		return nil, err
	}
	var changes []checks.Change
	if b.missing == nil {
		changes = in.weakened(f, w, judged, b)
		if err := b.close(); err != nil && !errors.As(err, &b.missing) {
			return nil, err
		}
	}
	if b.missing != nil {
		w.diagnostics = append(w.diagnostics, source.Diagnostic{
			Kind: source.NoBase,
			Message: fmt.Sprintf("compare with %s: %v; all findings are reported, also older ones, and what the change does to the checks is not known",
				b.ref, b.missing),
		})
		return nil, nil //nolint:nilnil,nilerr // told in a diagnostic, and there is no comparison
	}
	introduced := make(map[*finding.Finding]bool)
	if !b.same {
		// What the baseline has is compared too: of two equal findings it has the
		// first, and the second must not go for the one that was there before.
		all := slices.Clone(judged.Findings)
		for _, f := range judged.Suppressed {
			if f.Suppression.Kind == finding.ByBaseline {
				all = append(all, f)
			}
		}
		finding.Sort(all)
		added, _ := pipeline.Introduced(all, b.findings, w.model.Origins)
		for _, f := range added {
			introduced[f] = true
		}
	}
	unchanged := 0
	judged.Findings = slices.DeleteFunc(judged.Findings, func(f *finding.Finding) bool {
		if introduced[f] {
			return false
		}
		f.Suppression = &finding.Suppression{Kind: finding.Unchanged}
		judged.Suppressed = append(judged.Suppressed, f)
		unchanged++
		return true
	})
	finding.Sort(judged.Suppressed)
	return &report.Comparison{Ref: b.ref, Commit: b.commit, Unchanged: unchanged, Checks: changes}, nil
}
