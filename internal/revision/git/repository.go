// Package git runs git, in a way in which nothing that a repository holds or is
// configured to do is executed, and says what package revision has to know of a
// commit. It parses no file of the work tree.
package git

import (
	"context"
	"errors"
	"os"
	"strings"
	"unicode"

	"github.com/egresslint/egresslint/internal/revision"
)

// Repository is a git work tree, or a folder in one.
type Repository struct {
	program string // git, by its absolute path
	top     string // the work tree's root
	dir     string // where git keeps what belongs to the work tree
	common  string // and what its linked work trees share
	// prefix is the path from top to the folder that was opened, "" or with a slash
	// at its end. The names in snapshots are relative to it.
	prefix string
	// emptied are keys of the configuration that are to have no effect.
	emptied []setting
}

// Open finds the work tree that holds dir, an absolute path without symlinks. The
// error is an Unavailable if there is none, or no git to read it with, or if git would
// run or fetch more than what it is asked for.
func Open(ctx context.Context, dir string) (*Repository, error) {
	r, err := locate(dir)
	if err != nil {
		return nil, err
	}
	if r.program, err = program(os.Getenv("PATH"), r.top); err != nil {
		return nil, err
	}
	if err := r.checkFiles(); err != nil {
		return nil, err
	}
	return r, r.checkConfig(ctx)
}

// errRef is the error for a text that cannot name a revision.
var errRef = errors.New("not a name of a revision")

// CheckRef returns an error for a text that git might take for something else than the
// name of a revision.
func CheckRef(ref string) error {
	if ref == "" || ref[0] == '-' || strings.ContainsFunc(ref, unicode.IsControl) {
		return errRef
	}
	return nil
}

// Resolve returns the id of the commit that ref names. The error is that of
// CheckRef, or an Unavailable if the clone has no such commit.
func (r *Repository) Resolve(ctx context.Context, ref string) (string, error) {
	if err := CheckRef(ref); err != nil {
		return "", err
	}
	id, err := r.commit(ctx, ref)
	var failed *exitError
	if !errors.As(err, &failed) {
		return id, err
	}
	switch {
	case ref == "HEAD":
		return "", revision.Unavailablef("read %s: there is no commit yet", ref)
	case r.shallow(ctx):
		return "", revision.Unavailablef("read %s: this clone does not have it, and its history is cut off: %s", ref, fetchAll)
	}
	if remote := "origin/" + ref; !strings.HasPrefix(ref, "origin/") {
		if _, err := r.commit(ctx, remote); err == nil {
			return "", revision.Unavailablef("read %s: there is no such revision, did you mean %s?", ref, remote)
		}
	}
	return "", revision.Unavailablef("read %s: there is no such revision in this clone: fetch it first, as with 'git fetch origin'", ref)
}

func (r *Repository) commit(ctx context.Context, ref string) (string, error) {
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	return strings.TrimSpace(out), err
}

// fetchAll is what to do about history that is not there.
const fetchAll = "fetch all of it with 'git fetch --unshallow', or in a workflow give actions/checkout fetch-depth: 0"

// MergeBase returns the id of the commit at which the histories of two commits
// part. The error is an Unavailable if the clone has none.
func (r *Repository) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.git(ctx, "merge-base", a, b)
	var failed *exitError
	switch {
	case errors.As(err, &failed) && failed.code == 1 && r.shallow(ctx):
		return "", revision.Unavailablef("find where the two histories part: this clone's is cut off before: %s", fetchAll)
	case errors.As(err, &failed) && failed.code == 1:
		return "", revision.Unavailablef("find where the two histories part: they have no commit in common")
	}
	return strings.TrimSpace(out), err
}

func (r *Repository) shallow(ctx context.Context) bool {
	out, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(out) == "true"
}
