package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/internal/supervise"
)

// commit is what the worker is told of a commit: it cannot ask git itself.
type commit struct {
	// Snapshot shows the commit over the work tree, or alone.
	Snapshot *revision.Snapshot
	// Problem says why there is no snapshot.
	Problem string
}

// unavailable is the error for a commit without a snapshot.
func (c commit) unavailable() error {
	if c.Problem == "" {
		return nil
	}
	return revision.Unavailablef("%s", c.Problem)
}

// commitOf is the commit of a snapshot that could be made or not. Any other error than
// that the commit is unavailable ends the command.
func commitOf(s *revision.Snapshot, err error) (commit, error) {
	var missing *revision.Unavailable
	switch {
	case errors.As(err, &missing):
		return commit{Problem: missing.Error()}, nil
	case err != nil:
		return commit{}, err
	}
	return commit{Snapshot: s}, nil
}

// parting returns the commit at which HEAD and a revision part.
func parting(ctx context.Context, repo *git.Repository, ref string) (id string, err error) {
	other, err := repo.Resolve(ctx, ref)
	if err != nil {
		return "", err
	}
	head, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		return "", err
	}
	return repo.MergeBase(ctx, other, head)
}

// revisions are what a command asks git for, by names of its own. The supervisor does so
// before the worker starts, in the repository that holds all that may be read.
type revisions func(context.Context, *git.Repository) (map[string]commit, error)

// everyCommit is the name for a reason why no commit can be read.
const everyCommit = ""

// commit returns what git said of a commit.
func (w *workspace) commit(name string) commit {
	if c, ok := w.commits[name]; ok {
		return c
	}
	return w.commits[everyCommit]
}

// ask asks git what a command wants to know, and how objects are read then.
func (wants revisions) ask(ctx context.Context, dir string) (commits map[string]commit, objects func() (*supervise.Objects, error), err error) {
	if wants == nil {
		return nil, nil, nil
	}
	repo, err := git.Open(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if commits, err = wants(ctx, repo); err != nil {
		return nil, nil, err
	}
	return commits, func() (*supervise.Objects, error) {
		c, err := repo.CatFile(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		return &supervise.Objects{In: c.In, Out: c.Out, Close: c.Close}, nil
	}, nil
}

// contents are the files of a commit.
type contents struct {
	*revision.FS
	answers io.Closer // nil if nothing is read from git
}

// contents shows the files of a snapshot over a folder.
func (w *workspace) contents(ctx context.Context, over fs.FS, s *revision.Snapshot) contents {
	if !s.Changed() {
		return contents{FS: revision.NewFS(over, s, nil)}
	}
	ask, answers := w.objects()
	return contents{revision.NewFS(over, s, revision.NewObjects(ctx, ask, answers)), answers}
}

// Close ends the reading. The error tells why what was read is not the commit, if so.
func (c contents) Close() error {
	err := c.FS.Close()
	if c.answers != nil {
		_ = c.answers.Close() // nothing more is asked
	}
	return err
}
