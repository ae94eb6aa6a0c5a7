package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// MaxFileSize is the largest file a run reads, in bytes. Larger ones are
// reported as LimitReached.
const MaxFileSize = 16 << 20

// ErrOutside is returned for a path that leaves the tree, also through a symlink.
var ErrOutside = errors.New("path leaves the tree")

// ErrTooLarge is returned for a file above MaxFileSize.
var ErrTooLarge = fmt.Errorf("file is larger than %d MiB", MaxFileSize>>20)

// Tree is the boundary of a run: the only files it may read. Names are
// slash-separated and relative to the root; "." is the root itself.
type Tree struct {
	fsys    fs.FS
	overlay map[string][]byte
	lines   lineCache
}

// NewTree returns the tree over fsys. An fsys over a real directory must refuse
// to follow symlinks out of it, as [os.Root] does.
func NewTree(fsys fs.FS) *Tree { return &Tree{fsys: fsys} }

// OpenTree opens the directory root as a tree. Symlinks that lead out of it are
// not followed.
func OpenTree(root string) (*Tree, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	return NewTree(r.FS()), nil
}

// ReadFile returns the contents of a file. The error is ErrOutside for a name
// that leaves the tree and ErrTooLarge for a file above MaxFileSize.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	if data, ok := t.overlay[name]; ok {
		return data, nil
	}
	info, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxFileSize {
		return nil, ErrTooLarge
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	data, err := fs.ReadFile(t.fsys, name)
	return data, outside(err)
}

// ReadDir lists a directory, sorted by name. Files of the overlay are listed too.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, ErrOutside
	}
	entries, err := fs.ReadDir(t.fsys, name)
	if laid := t.overlaid(name, entries); len(laid) > 0 {
		entries, err = append(entries, laid...), nil
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	}
	return entries, outside(err)
}

// Stat describes a file or directory, following symlinks inside the tree.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, ErrOutside
	}
	if data, ok := t.overlay[name]; ok {
		return overlayFile{name: path.Base(name), size: int64(len(data))}, nil
	}
	info, err := fs.Stat(t.fsys, name)
	return info, outside(err)
}

// Join resolves a slash-separated path that is written relative to the
// directory dir of the tree. It returns ErrOutside for absolute paths and those
// that climb above the root.
func Join(dir, rel string) (string, error) {
	if path.IsAbs(rel) || filepath.VolumeName(rel) != "" {
		return "", ErrOutside
	}
	name := path.Join(dir, rel)
	if !fs.ValidPath(name) {
		return "", ErrOutside
	}
	return name, nil
}

// outside turns the error of [os.Root] for an escaping path, which has no
// exported value, into ErrOutside.
func outside(err error) error {
	if err == nil {
		return nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		if strings.Contains(pathErr.Err.Error(), "escapes") {
			return ErrOutside
		}
		return pathErr.Err // the caller names the file, relative to the tree
	}
	return err
}

// Boundary returns the absolute directory that a run over target may read: the
// git work tree that holds target, else cwd if it contains target, else target
// itself (its directory, if it is a file). Symlinks are resolved.
func Boundary(target, cwd string) (string, error) {
	abs, err := resolve(target, cwd)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", target, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", target, outside(err))
	}
	dir := abs
	if !info.IsDir() {
		dir = filepath.Dir(abs)
	}
	for d := dir; ; d = filepath.Dir(d) {
		// .git is a directory, or a file in linked work trees and submodules.
		if _, err := os.Stat(filepath.Join(d, ".git")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	if wd, err := resolve(".", cwd); err == nil {
		if rel, err := filepath.Rel(wd, dir); err == nil && filepath.IsLocal(rel) {
			return wd, nil
		}
	}
	return dir, nil
}

func resolve(target, cwd string) (string, error) {
	if !filepath.IsAbs(target) {
		target = filepath.Join(cwd, target)
	}
	abs, err := filepath.EvalSymlinks(target)
	return abs, outside(err)
}
