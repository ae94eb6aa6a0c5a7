package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/parser/source"
)

// workspace is where a run happens: the working directory, and the tree that it
// may read. Names are paths relative to the tree's root, with slashes.
type workspace struct {
	cwd  string // absolute, without symlinks
	root string // absolute, without symlinks
	tree *source.Tree
	// flags are what the supervisor read, and outside the names in the tree that such
	// files go by, with those that the user gave.
	flags   map[string]flagFile
	outside map[string]string
	// commits are what git said of those that the run compares with, and objects reads
	// what they hold.
	commits map[string]commit
	objects func() (ask io.Writer, answers io.ReadCloser)
}

// place is where a run happens. All paths are absolute and without symlinks.
type place struct {
	Cwd  string
	Root string // contains all that may be read
	// Boundaries are the folders that may be read.
	Boundaries []string
}

// locate finds what may be read for paths. They are existing files or folders,
// absolute or relative to the working directory.
func locate(paths []string) (place, error) {
	wd, err := os.Getwd()
	if err != nil {
		return place{}, err
	}
	p := place{Cwd: wd}
	if real, err := filepath.EvalSymlinks(wd); err == nil {
		p.Cwd = real
	}
	for _, name := range paths {
		boundary, err := source.Boundary(name, p.Cwd)
		if err != nil {
			return place{}, &usageError{err: err, plain: true}
		}
		if p.Root == "" {
			p.Root = boundary
		}
		p.Root = commonDir(p.Root, boundary)
		if !slices.Contains(p.Boundaries, boundary) {
			p.Boundaries = append(p.Boundaries, boundary)
		}
	}
	return p, nil
}

// openWorkspace opens the tree of the job.
func (a *app) openWorkspace() (*workspace, error) {
	tree, err := source.OpenTrees(a.job.Place.Root, a.job.Place.Boundaries)
	if err != nil {
		return nil, err
	}
	w := &workspace{
		cwd: a.job.Place.Cwd, root: a.job.Place.Root, tree: tree,
		flags: a.job.Files, outside: make(map[string]string),
		commits: a.job.Commits, objects: a.worker.Objects,
	}
	for boundary, data := range a.job.Git {
		if name, ok := w.inside(boundary); ok {
			tree.SetGit(name, data)
		}
	}
	return w, nil
}

// flagFile reads a file that a flag names: from the tree, or what the supervisor read
// for it. That has a name in the tree too, under which it can be read like any other.
func (w *workspace) flagFile(flag string) (name string, data []byte, err error) {
	f := w.flags[flag]
	if !f.Read {
		if name, err = w.name(flag); err != nil {
			return "", nil, syscall.ENOENT // the supervisor would have read it
		}
		data, err = w.tree.ReadFile(name)
		return name, data, err
	}
	// A folder that no listing shows: the file is not linted.
	for i := 0; ; i++ {
		name = path.Join(".outside-of-the-tree", strconv.Itoa(i), filepath.Base(flag))
		if known, taken := w.outside[name]; !taken || known == flag {
			break
		}
	}
	w.outside[name] = flag
	w.tree.Overlay(name, f.Data)
	return name, f.Data, nil
}

// commonDir is the deepest directory that contains both.
func commonDir(a, b string) string {
	for {
		if rel, err := filepath.Rel(a, b); err == nil && filepath.IsLocal(rel) {
			return a
		}
		parent := filepath.Dir(a)
		if parent == a {
			return a
		}
		a = parent
	}
}

// name returns the name of a path that the user gave, whether or not it exists.
// A symlink keeps its own name.
func (w *workspace) name(p string) (string, error) {
	if !filepath.IsAbs(p) {
		p = filepath.Join(w.cwd, p)
	}
	p = realDir(filepath.Clean(p))
	if name, ok := w.inside(p); ok {
		return name, nil
	}
	if real, err := filepath.EvalSymlinks(p); err == nil {
		if name, ok := w.inside(real); ok {
			return name, nil
		}
	}
	return "", mistakef("read %s: it lies outside %s, and a run reads nothing else", p, w.root)
}

func (w *workspace) inside(abs string) (string, bool) {
	rel, err := filepath.Rel(w.root, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// realDir resolves the symlinks in the folders of an absolute path, as far as
// they exist, but not in its last element.
func realDir(p string) string {
	dir, rest := filepath.Dir(p), filepath.Base(p)
	if dir == p {
		return p
	}
	for {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return p
		}
		dir, rest = parent, filepath.Join(filepath.Base(dir), rest)
	}
}

// glob returns a glob that the user wrote relative to the working directory,
// relative to the tree's root.
func (w *workspace) glob(pattern string) (string, error) {
	base, ok := w.inside(w.cwd)
	if !ok {
		base = "." // the working directory lies above or beside the tree
	}
	name, err := source.Join(config.EscapeGlob(base), filepath.ToSlash(pattern))
	if err == nil {
		err = source.CheckGlob(name)
	}
	if err != nil {
		return "", mistakef("use glob %q: %w", pattern, err)
	}
	return name, nil
}

// display returns the path of a name for a person in the working directory.
func (w *workspace) display(name string) string {
	if flag, ok := w.outside[name]; ok {
		return flag
	}
	rel, err := filepath.Rel(w.cwd, filepath.Join(w.root, filepath.FromSlash(name)))
	if err != nil {
		return name
	}
	return rel
}

// resolve returns the name of what a name leads to after following symlinks.
func (w *workspace) resolve(name string) string {
	real, err := filepath.EvalSymlinks(filepath.Join(w.root, filepath.FromSlash(name)))
	if err != nil {
		return name
	}
	if target, ok := w.inside(real); ok {
		return target
	}
	return name
}

// existing is the nearest ancestor of a path that exists, or the path itself.
func existing(p string) string {
	for {
		_, err := os.Stat(p)
		if !errors.Is(err, fs.ErrNotExist) {
			return p
		}
		parent := filepath.Dir(p)
		if parent == p {
			return p
		}
		p = parent
	}
}
