package git

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// maxEntries is how many files and folders objects and refs may be. Git packs them
	// long before.
	maxEntries = 200_000
	// atOnce is how many of a folder are looked at together.
	atOnce = 1024
)

// What git reads of its directory to find commits and what they have: these files, and
// all that is in these folders. Hooks and the like are not read here.
var (
	gitFiles   = []string{"HEAD", "packed-refs", "index", "shallow", "config", "config.worktree", "commondir", "gitdir"}
	gitFolders = []string{"objects", "refs", "reftable"}
)

// sharedIndex is how the names of files begin that hold a part of the index.
const sharedIndex = "sharedindex."

// checkFiles returns an error if git would read something else than files and folders
// of its directory: behind a symlink may be what another repository of this machine
// has, and a named pipe may never end.
func (r *Repository) checkFiles() error {
	if !guard.On(guard.GitConfig) {
		return nil
	}
	entries := 0
	for _, dir := range slices.Compact([]string{r.common, r.dir}) {
		for _, name := range gitFiles {
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && !info.Mode().IsRegular() {
				return notItsOwn(name)
			}
		}
		if err := list(dir, func(e fs.DirEntry) error {
			if strings.HasPrefix(strings.ToLower(e.Name()), sharedIndex) && !e.Type().IsRegular() {
				return notItsOwn("index")
			}
			return nil
		}); err != nil {
			return err
		}
		for _, name := range gitFolders {
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
				return notItsOwn(name)
			}
			if err := checkFolder(dir, name, &entries); err != nil {
				return err
			}
		}
	}
	return nil
}

func notItsOwn(name string) error {
	return unreadablef("in its git directory, %s is or holds something else than files and folders, such as a symlink, which may lead to another repository", name)
}

// checkFolder looks at all that is in a folder of a git directory.
func checkFolder(dir, name string, entries *int) error {
	for folders := []string{filepath.Join(dir, name)}; len(folders) > 0; {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		err := list(folder, func(e fs.DirEntry) error {
			*entries++
			switch {
			case *entries > maxEntries:
				return unreadablef("its objects and refs are more than %d files: pack them with 'git gc'", maxEntries)
			case e.IsDir():
				folders = append(folders, filepath.Join(folder, e.Name()))
			case !e.Type().IsRegular():
				return notItsOwn(name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// list calls do for what is in a folder, in no order. One that is not there is empty.
func list(folder string, do func(fs.DirEntry) error) error {
	f, err := os.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unlistable()
	}
	defer func() { _ = f.Close() }() // it was only read
	for {
		some, err := f.ReadDir(atOnce)
		for _, e := range some {
			if err := do(e); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unlistable()
		}
	}
}

func unlistable() error { return unreadablef("a folder of its git directory cannot be listed") }
