// Package disk reads and writes the files that a person names on the command line,
// beside a tree that somebody else wrote: no symlink of the tree leads to them, what
// is read is a regular file of a bounded size, and what is written is written whole
// or not at all.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// ErrLink is returned for a path that a symlink of a tree leads out of it, or to what
// is to be written.
var ErrLink = errors.New("a symlink of the linted tree leads there, and is not followed")

// Trees are the folders that somebody else may have written: absolute, without
// symlinks.
type Trees []string

// Hold returns the tree that holds the path, or is it; the path is absolute and
// without symlinks.
func (t Trees) Hold(name string) (tree string, ok bool) {
	for _, tree := range t {
		if rel, err := filepath.Rel(tree, name); err == nil && filepath.IsLocal(rel) {
			return tree, true
		}
	}
	return "", false
}

// opened is what the links in /proc/self/fd seem to lead to for a pipe or a socket, as
// /dev/stdout does.
var opened = regexp.MustCompile(`^(pipe|socket|anon_inode):`)

// maxLinks is how many symlinks one path may lead through, as in most systems.
const maxLinks = 40

// Real is where a path leads.
type Real struct {
	// Path is absolute and without symlinks, save for what does not exist of it.
	Path string
	// Linked says that a symlink of a tree is on the way.
	Linked bool
	// Info describes what is there; nil if nothing is.
	Info fs.FileInfo
}

// Resolve follows the symlinks in a path, which is absolute or relative to the
// working directory, and tells whether one of them lies in a tree.
func Resolve(name string, trees Trees) (Real, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return Real{}, err
	}
	volume := filepath.VolumeName(abs)
	r := Real{Path: volume + string(filepath.Separator)}
	rest := elements(abs[len(volume):])
	for links := 0; len(rest) > 0; {
		element := rest[0]
		rest = rest[1:]
		if element == ".." {
			r.Path = filepath.Dir(r.Path)
			continue
		}
		next := filepath.Join(r.Path, element)
		info, err := os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.Path = filepath.Join(append([]string{next}, rest...)...)
			return r, nil
		case err != nil:
			return Real{}, cause(err)
		case info.Mode()&fs.ModeSymlink == 0:
			r.Path = next
			continue
		}
		if links++; links > maxLinks {
			return Real{}, syscall.ELOOP
		}
		if _, inTree := trees.Hold(r.Path); inTree {
			r.Linked = true
		}
		target, err := os.Readlink(next)
		if err != nil {
			return Real{}, cause(err)
		}
		if opened.MatchString(target) && len(rest) == 0 {
			r.Path = next
			r.Info, err = os.Stat(next)
			return r, cause(err)
		}
		if filepath.IsAbs(target) {
			r.Path = filepath.VolumeName(target) + string(filepath.Separator)
			target = target[len(filepath.VolumeName(target)):]
		}
		rest = slices.Concat(elements(target), rest)
	}
	r.Info, err = os.Lstat(r.Path)
	if err != nil {
		return Real{}, cause(err)
	}
	return r, nil
}

// elements splits a path, without those that stand for the same folder.
func elements(name string) []string {
	parts := strings.FieldsFunc(name, func(c rune) bool { return c == filepath.Separator || c == '/' })
	return slices.DeleteFunc(parts, func(e string) bool { return e == "." })
}

// cause returns an error without the path, which the caller knows as the user wrote it.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// sizeError is the error for a file of more than limit bytes.
func sizeError(limit int64) error {
	return fmt.Errorf("it is larger than %d MiB", limit>>20)
}
