package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
)

// Boundary returns the absolute directory that a run over target may read, without
// symlinks: the git work tree that holds the place which target names, else cwd if it
// holds that place, else target itself (its directory, if it is a file).
//
// What lies in a work tree, or in cwd, may be anybody's: a symlink in it that leads out
// of it is an error. Symlinks above it are the system's, and are followed.
func Boundary(target, cwd string) (string, error) {
	abs := target
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(cwd, abs)
	}
	cwd, err := filepath.EvalSymlinks(cwd)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", target, outside(err))
	}
	volume := filepath.VolumeName(abs)
	real := volume + string(filepath.Separator)
	holder := "" // the work tree that holds what real names, or cwd
	info, err := os.Lstat(real)
	enter := func() {
		// .git is a directory, or a file in linked work trees and submodules.
		if _, err := os.Lstat(filepath.Join(real, ".git")); err == nil || holder == "" && real == cwd {
			holder = real
		}
	}
	enter()
	for element := range strings.SplitSeq(strings.TrimPrefix(filepath.Clean(abs), real), string(filepath.Separator)) {
		if element == "" || err != nil {
			continue
		}
		real = filepath.Join(real, element)
		if info, err = os.Lstat(real); err == nil && info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 { // on Windows, junctions are irregular
			if real, err = filepath.EvalSymlinks(real); err != nil {
				break
			}
			if holder != "" && !within(holder, real) {
				if guard.On(guard.PathLinks) {
					return "", fmt.Errorf("find %s: it leads out of %s through a symlink", target, holder)
				}
				holder = ""
			}
			info, err = os.Lstat(real)
		}
		if err == nil && info.IsDir() {
			enter()
		}
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("find %s: %w", target, outside(err))
	case holder != "":
		return holder, nil
	case !info.IsDir():
		return filepath.Dir(real), nil
	default:
		return real, nil
	}
}

// within reports whether a path is dir, or lies in it. Both are absolute.
func within(dir, p string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && filepath.IsLocal(rel)
}
