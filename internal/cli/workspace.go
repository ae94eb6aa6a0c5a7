package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/parser/source"
)

// workspace is where a run happens: the working directory, and the tree that it
// may read. Names are paths relative to the tree's root, with slashes.
type workspace struct {
	cwd  string // absolute, without symlinks
	root string // absolute, without symlinks
	// boundaries are the folders in root that the run may read.
	boundaries []string
	tree       *source.Tree
}

// openWorkspace opens the tree that holds all paths. They are existing files or
// folders, absolute or relative to the working directory. If their boundaries
// differ, the tree is what contains all of them, and shows nothing else.
func openWorkspace(paths []string) (*workspace, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w := &workspace{cwd: wd}
	if real, err := filepath.EvalSymlinks(wd); err == nil {
		w.cwd = real
	}
	for _, p := range paths {
		boundary, err := source.Boundary(p, w.cwd)
		if err != nil {
			return nil, &usageError{err: err, plain: true}
		}
		if w.root == "" {
			w.root = boundary
		}
		w.root = commonDir(w.root, boundary)
		if !slices.Contains(w.boundaries, boundary) {
			w.boundaries = append(w.boundaries, boundary)
		}
	}
	if w.tree, err = source.OpenTrees(w.root, w.boundaries); err != nil {
		return nil, err
	}
	for _, boundary := range w.boundaries {
		if name, ok := w.inside(boundary); ok {
			w.tree.SetGit(name, source.ReadGit(boundary))
		}
	}
	return w, nil
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

// readAll reads standard input up to the size of the largest file of a tree.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, source.MaxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > source.MaxFileSize {
		return nil, source.ErrTooLarge
	}
	return data, nil
}
