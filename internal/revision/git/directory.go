package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// locate finds the work tree that holds dir, and where git keeps its things. Git is
// told, and finds nothing by itself: neither does it go by who owns the folders, which
// is to keep the configuration of strangers from having an effect, and that is checked
// here.
func locate(dir string) (*Repository, error) {
	r := &Repository{top: dir}
	for {
		_, err := os.Lstat(filepath.Join(r.top, ".git"))
		if err == nil {
			break
		}
		parent := filepath.Dir(r.top)
		if !errors.Is(err, fs.ErrNotExist) || parent == r.top {
			return nil, noWorkTree(dir)
		}
		r.top = parent
	}
	prefix, err := filepath.Rel(r.top, dir)
	if err != nil {
		return nil, noWorkTree(dir)
	}
	if prefix != "." {
		r.prefix = filepath.ToSlash(prefix) + "/"
	}
	if r.dir, r.common, err = source.GitDirectories(r.top); err != nil {
		return nil, unreadablef("%v", err)
	}
	return r, nil
}

func noWorkTree(dir string) error {
	return unreadablef("%s is not in a git work tree", dir)
}

func unreadablef(format string, args ...any) error {
	return revision.Unavailablef("read repository: "+format, args...)
}

// own returns an error for a git directory that is not this work tree's own, or borrows
// objects: whoever made the folder could have files of another repository of this
// machine read that way. worktree is the work tree that its configuration names.
func (r *Repository) own(worktree string) error {
	if !guard.On(guard.GitConfig) {
		return nil
	}
	const elsewhere = "its .git leads to a git directory that does not lead back"
	switch {
	case r.common != r.dir: // a linked work tree, of a folder in the directory that it shares
		if !holds(r.common, r.dir) || !r.linkedBack() {
			return unreadablef(elsewhere)
		}
	case worktree != "": // a submodule
		if !same(absolute(worktree, r.dir), r.top) {
			return unreadablef("core.worktree of its configuration leads to another folder")
		}
	case r.dir != filepath.Join(r.top, ".git"):
		return unreadablef(elsewhere)
	}
	if info, err := os.Lstat(filepath.Join(r.common, "objects", "info", "alternates")); err == nil && (!info.Mode().IsRegular() || info.Size() > 0) {
		return unreadablef("it borrows objects from another repository, in objects/info/alternates: make it whole with 'git repack -a -d' and remove that file")
	}
	return nil
}

// linkedBack reports whether the git directory of a linked work tree names it.
func (r *Repository) linkedBack() bool {
	name := filepath.Join(r.dir, "gitdir")
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxPath {
		return false
	}
	data, err := os.ReadFile(name)
	return err == nil && same(absolute(strings.TrimRight(string(data), "\r\n"), r.dir), filepath.Join(r.top, ".git"))
}

// maxPath is how many bytes a file may have that holds a path.
const maxPath = 4 << 10

// absolute returns a path that is written relative to dir.
func absolute(p, dir string) string {
	p = filepath.FromSlash(p)
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, p)
}

// same reports whether two paths lead to the same file or folder.
func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// holds reports whether a path lies in dir, after following symlinks.
func holds(dir, p string) bool {
	dir, errDir := filepath.EvalSymlinks(dir)
	p, errP := filepath.EvalSymlinks(p)
	rel, err := filepath.Rel(dir, p)
	return errDir == nil && errP == nil && err == nil && filepath.IsLocal(rel)
}
