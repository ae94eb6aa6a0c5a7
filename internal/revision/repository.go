// Package revision shows the files of a git commit as they would lie in the work
// tree, read from git's objects: nothing is checked out, no file is written, and
// git is run in a way in which nothing that the repository holds or is configured
// to do is executed.
package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Unavailable is a revision that cannot be read, and what to do about it. Its
// text has no line breaks.
type Unavailable struct{ reason string }

func (e *Unavailable) Error() string { return e.reason }

func unavailablef(format string, args ...any) error {
	return &Unavailable{fmt.Sprintf(format, args...)}
}

// Repository is a git work tree, or a folder in one.
type Repository struct {
	top string // the work tree's root
	// prefix is the path from top to the folder that was opened, "" or with a slash
	// at its end. The names in the file systems of revisions are relative to it.
	prefix string
	env    []string
}

// Open finds the work tree that holds dir, an absolute path without symlinks. The
// error is an Unavailable if there is none, or no git to read it with.
func Open(ctx context.Context, dir string) (*Repository, error) {
	r := &Repository{top: dir, env: environment(os.Environ())}
	out, err := r.git(ctx, "rev-parse", "--show-toplevel", "--show-prefix")
	if err != nil {
		return nil, err
	}
	top, prefix, _ := strings.Cut(out, "\n")
	r.top, r.prefix = filepath.FromSlash(top), strings.TrimSuffix(prefix, "\n")
	return r, r.disarm(ctx)
}

// environment is env without what redirects git to another repository or
// makes it run something. Where the user's own configuration lies stays: it may
// say that the work tree is safe although it belongs to somebody else.
func environment(env []string) []string {
	kept := slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM":
			return false
		default:
			return strings.HasPrefix(name, "GIT_")
		}
	})
	return append(kept, "LC_ALL=C", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0")
}

// disarm takes away the programs through which the configuration sends contents
// of files before git compares them.
func (r *Repository) disarm(ctx context.Context) error {
	out, err := r.git(ctx, "config", "-z", "--name-only", "--get-regexp", `^filter\..*\.(clean|smudge|process|required)$`)
	var failed *exitError
	if errors.As(err, &failed) && failed.code == 1 {
		return nil // there are none
	}
	if err != nil {
		return err
	}
	names := fields(out)
	r.env = append(r.env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(names)))
	for i, name := range names {
		value := ""
		if strings.HasSuffix(name, ".required") {
			value = "false"
		}
		r.env = append(r.env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, name), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, value))
	}
	return nil
}

// ErrRef is a text that cannot name a revision.
var ErrRef = errors.New("not a name of a revision")

// CheckRef returns ErrRef for a text that git might take for something else than
// the name of a revision.
func CheckRef(ref string) error {
	if ref == "" || ref[0] == '-' || strings.ContainsFunc(ref, unicode.IsControl) {
		return ErrRef
	}
	return nil
}

// Resolve returns the id of the commit that ref names. The error is ErrRef, or an
// Unavailable if the clone has no such commit.
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
		return "", unavailablef("read %s: there is no commit yet", ref)
	case r.shallow(ctx):
		return "", unavailablef("read %s: this clone does not have it, and its history is cut off: %s", ref, fetchAll)
	}
	if remote := "origin/" + ref; !strings.HasPrefix(ref, "origin/") {
		if _, err := r.commit(ctx, remote); err == nil {
			return "", unavailablef("read %s: there is no such revision, did you mean %s?", ref, remote)
		}
	}
	return "", unavailablef("read %s: there is no such revision in this clone: fetch it first, as with 'git fetch origin'", ref)
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
		return "", unavailablef("find where the two histories part: this clone's is cut off before: %s", fetchAll)
	case errors.As(err, &failed) && failed.code == 1:
		return "", unavailablef("find where the two histories part: they have no commit in common")
	}
	return strings.TrimSpace(out), err
}

func (r *Repository) shallow(ctx context.Context) bool {
	out, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(out) == "true"
}

// At returns the files of a commit, given by its id. What git does not keep, such
// as downloaded modules and ignored variable files, is taken from work, the folder
// that the repository was opened for, and so are the files that have not changed
// since. Changed reports whether there is any difference to work.
func (r *Repository) At(ctx context.Context, commit string, work fs.FS) (f *FS, err error) {
	changes, err := r.changes(ctx, commit)
	if err != nil {
		return nil, err
	}
	return newFS(work, changes, newObjects(ctx, r)), nil
}

// exitError is a git command that ended with an exit code.
type exitError struct {
	code int
	text string // what it said
}

func (e *exitError) Error() string { return e.text }

// Unwrap makes it an Unavailable where nothing better is known.
func (e *exitError) Unwrap() error { return &Unavailable{e.text} }

// command prepares a git command that runs nothing else and fetches nothing.
func (r *Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	//nolint:gosec // that the arguments are no options is for CheckRef to see
	cmd := exec.CommandContext(ctx, "git", slices.Concat([]string{
		"--no-pager", "--no-optional-locks", "--literal-pathspecs",
		"-c", "core.fsmonitor=false",
		"-c", "core.hooksPath=" + os.DevNull,
		"-c", "protocol.allow=never",
		"-c", "safe.bareRepository=explicit",
	}, args)...)
	cmd.Dir = r.top
	cmd.Env = r.env
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// git runs a git command and returns what it prints. If it ends with 1, as
// queries do that find nothing, or says nothing, the error is an exitError, else
// an Unavailable with its words.
func (r *Repository) git(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := r.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, exec.ErrDot):
		return "", unavailablef("run git: it is not installed, and revisions cannot be read without it")
	case !errors.As(err, &exit):
		return "", unavailablef("run git: %v", err)
	}
	if code := exit.ExitCode(); code == 1 || stderr.Len() == 0 {
		return "", &exitError{code, fmt.Sprintf("run git %s: it ends with exit code %d", args[0], code)}
	}
	return "", r.explain(args[0], stderr.String())
}

// explain returns what to do about a git command that failed.
func (r *Repository) explain(command, said string) error {
	switch {
	case strings.Contains(said, "dubious ownership"):
		return unavailablef("read repository: %s belongs to another user, so that git does not read it: run 'git config --global --add safe.directory %s' if you trust it", r.top, r.top)
	case strings.Contains(said, "not a git repository"):
		return unavailablef("read repository: %s is not in a git work tree", r.top)
	case strings.Contains(said, "promisor"), strings.Contains(said, "not allowed"):
		return unavailablef("%s", partial)
	default:
		return unavailablef("run git %s: %s", command, strings.Join(strings.Fields(said), " "))
	}
}

// partial is what to do about a clone with a filter.
const partial = "read repository: this is a partial clone that has not fetched all files, and egresslint fetches nothing: clone without --filter"

// fields splits a list whose entries end with a zero byte.
func fields(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\x00"), "\x00")
}
