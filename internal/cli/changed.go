package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/source"
)

// before is what the files said where a change began.
type before struct {
	ref, commit string
	// same says that nothing has changed, so that the findings need not be computed.
	same     bool
	findings []*finding.Finding
	missing  *revision.Unavailable // why there is nothing of it
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

// revisions asks git for the commit that --changed-since is about.
func (f *lintFlags) revisions(ctx context.Context, repo *git.Repository) (map[string]commit, error) {
	var s *revision.Snapshot
	id, err := parting(ctx, repo, f.changedSince)
	if err == nil {
		s, err = repo.Snapshot(ctx, id)
	}
	c, err := commitOf(s, err)
	return map[string]commit{beforeChange: c}, err
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
	w, err := read(ctx, files.input, newStopwatch())
	if unreadable := files.Close(); err == nil {
		err = unreadable
	}
	if err != nil {
		return err
	}
	// What is suppressed there is not there: who removes a comment or an annotation
	// brings its finding back. The configuration is that of now on both sides.
	judged, err := judge(ctx, files.input, w, compiled, opts, now, newStopwatch())
	if err != nil {
		return err
	}
	b.findings = judged.Findings
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
	e.relocate()
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

// relocate names the paths of the run that the revision does not have as the
// revision does, and leaves out those that it has under no name.
func (e *earlier) relocate() {
	var paths []string
	for _, name := range e.parser.Paths {
		if _, err := e.tree.Stat(name); err == nil {
			paths = append(paths, name)
			continue
		}
		// What is new since then has nothing to read there.
		paths = append(paths, slices.DeleteFunc(e.snapshot.Formerly(name), func(name string) bool {
			_, err := e.tree.Stat(name)
			return errors.Is(err, fs.ErrNotExist)
		})...)
	}
	e.parser.Paths = paths
}

// compare suppresses the findings that were there before. It returns nil if there
// is nothing to compare with.
func compare(ctx context.Context, w *world, judged *judgement, pending pending[*before]) (*report.Comparison, error) {
	b, err := pending.wait(ctx)
	if err != nil || b == nil {
		return nil, err
	}
	if b.missing != nil {
		w.diagnostics = append(w.diagnostics, source.Diagnostic{
			Kind:    source.NoBase,
			Message: fmt.Sprintf("compare with %s: %v; all findings are reported, also older ones", b.ref, b.missing),
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
	return &report.Comparison{Ref: b.ref, Commit: b.commit, Unchanged: unchanged}, nil
}
