package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Options say how a file is written.
type Options struct {
	// New says that nothing must be there yet; else fs.ErrExist is returned.
	New bool
	// Folders makes the folders that are missing.
	Folders bool
}

// Write writes a file whole or not at all: into a new one beside it, which then takes
// its place. It follows no symlink that lies in a tree. Outside of the trees links are
// the user's own, and so are devices and pipes, as /dev/stdout: these are written to.
func Write(name string, data []byte, trees Trees, opts Options) error {
	r, err := Resolve(name, trees)
	switch {
	case err != nil:
		return err
	case r.Linked && guard.On(guard.WriteLinks):
		return ErrLink
	case ofGit(r.Path):
		return errGit
	case opts.New && r.Info != nil:
		return fs.ErrExist
	case r.Info != nil && r.Info.IsDir():
		return errors.New("it is a folder")
	case r.Info != nil && !r.Info.Mode().IsRegular():
		return writeThrough(r.Path, data, trees)
	}
	mode := fs.FileMode(0o644)
	if r.Info != nil {
		mode = r.Info.Mode().Perm()
	}
	// The path was given by a person; where a symlink of the tree was followed, which
	// only happens if the check above is switched off, the folder is not opened here.
	target := r.Path
	if r.Linked {
		if target, err = filepath.Abs(name); err != nil {
			return err
		}
	}
	base, below := split(target, trees)
	dir, err := openFolder(base, below, opts.Folders)
	if err != nil {
		return cause(err)
	}
	defer dir.close()
	return cause(dir.replace(filepath.Base(target), data, mode))
}

var errGit = errors.New("it is git's own, and is not written")

// ofGit reports whether a path leads to what git keeps for itself: its configuration and
// its hooks say what git executes.
func ofGit(name string) bool { return slices.ContainsFunc(elements(name), source.OfGit) }

// split returns the folder of a file as one that is opened as it stands, and the
// elements below it in which nothing is a symlink: those in a tree.
func split(target string, trees Trees) (base string, below []string) {
	dir := filepath.Dir(target)
	tree, ok := trees.Hold(dir)
	if !ok {
		return dir, nil
	}
	rel, err := filepath.Rel(tree, dir)
	if err != nil {
		return dir, nil
	}
	return tree, elements(rel)
}

// writeThrough writes to something that is no file and that takes what it gets.
func writeThrough(name string, data []byte, trees Trees) error {
	if _, inTree := trees.Hold(name); inTree {
		return ErrIrregular
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return cause(err)
	}
	_, err = f.Write(data)
	return cause(errors.Join(err, f.Close()))
}

// temporary names the file in which another one is written at first.
func temporary(name string) string {
	return "." + name + "." + strconv.Itoa(os.Getpid()) + ".tmp"
}
