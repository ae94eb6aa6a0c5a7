package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/source"
)

// before is what the files said where a change began.
type before struct {
	ref, commit string
	// same says that nothing has changed, so that the findings need not be computed.
	same    bool
	missing *revision.Unavailable // why there is nothing of it

	// What the checks are compared with. The files are open until that is done.
	in      *input
	files   *earlier
	result  *analysis.Result
	renames []revision.Rename
	given   []string // the paths of the command line, by their names there
	start   string   // the folder from which the configuration is looked for
}

// startBefore calls findBefore beside the run.
func startBefore(ctx context.Context, in *input, session analysis.Session, ref string) analysis.Pending[*before] {
	return analysis.Start(func() (*before, error) { return findBefore(ctx, in, session, ref) })
}

// findBefore judges the files of the commit at which HEAD and ref part, with the
// settings of the run and the configuration that is there now, so that neither a
// new rule nor a new setting makes an old mistake a new one. Without a ref there
// is nothing to do.
func findBefore(ctx context.Context, in *input, session analysis.Session, ref string) (*before, error) {
	if ref == "" {
		return nil, nil //nolint:nilnil // no comparison was asked for
	}
	b := &before{ref: ref}
	err := b.judge(ctx, in, session)
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

func (b *before) judge(ctx context.Context, in *input, session analysis.Session) error {
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
	b.hold(files, in.given)
	then := session.At(files.tree, files.settings.Paths)
	facts, err := then.Facts(ctx)
	if err == nil {
		// What is suppressed there is not there: who removes a comment or an annotation
		// brings its finding back. The configuration is that of now on both sides.
		b.result, err = then.Judge(ctx, facts)
	}
	if err != nil {
		_ = files.Close() // the error is what counts
	}
	return err
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
	e.settings.Paths = formerPaths(s, e.tree, e.settings.Paths)
	// The revision may not have a file of variables that the command line names: then it
	// is read as it is now.
	for _, name := range in.settings.Terraform.VarFiles {
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
// checks. There is no comparison if there is nothing to compare with.
func (in *input) compare(ctx context.Context, f *lintFlags, session analysis.Session, result *analysis.Result, pending analysis.Pending[*before]) (*analysis.Result, *report.Comparison, error) {
	b, err := pending.Wait(ctx)
	if err != nil || b == nil {
		return result, nil, err
	}
	var changes []checks.Change
	if b.missing == nil {
		changes = in.weakened(f, session, result, b)
		if err := b.close(); err != nil && !errors.As(err, &b.missing) {
			return nil, nil, err
		}
	}
	if b.missing != nil {
		result.Diagnostics = append(result.Diagnostics, source.Diagnostic{
			Kind: source.NoBase,
			Message: fmt.Sprintf("compare with %s: %v; all findings are reported, also older ones, and what the change does to the checks is not known",
				b.ref, b.missing),
		})
		return result, nil, nil //nolint:nilerr // told in a diagnostic, and there is no comparison
	}
	result, unchanged := result.Unchanged(b.findings(), b.same)
	return result, &report.Comparison{Ref: b.ref, Commit: b.commit, Unchanged: unchanged, Checks: changes}, nil
}

// findings are those that were there before; none if they were not computed.
func (b *before) findings() []*finding.Finding {
	if b.result == nil {
		return nil
	}
	return b.result.Findings
}
