package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	gitbinary "github.com/go-git/go-git/v5/utils/binary"
)

const (
	// maxIndex is the largest index of git that is read, in bytes: that of about
	// 200,000 files.
	maxIndex = 16 << 20
	// maxExclude is the largest .git/info/exclude that is read.
	maxExclude = 1 << 20
	// maxGitFile is how large a .git is that is a file.
	maxGitFile = 4 << 10
	// maxTracked is how many bytes the names of all tracked files may have, and
	// maxTrackedName how many one may have. The newest form of the index writes only
	// how a name differs from the one before.
	maxTracked     = 64 << 20
	maxTrackedName = 4 << 10
)

// GitData is what git has written about a work tree that a walk wants to know, as it
// lies there. The zero GitData is that of a folder without git.
type GitData struct {
	Index   []byte // of the tracked files
	Exclude []byte // info/exclude
	Problem string // why the index cannot be read, if so
}

// GitDirectories returns the directory in which git keeps what belongs to the work tree
// whose root is top, and the one in which it keeps what the linked work trees of a
// repository have in common: both are .git unless that is a file, as in linked work
// trees and submodules. It follows no symlinks.
func GitDirectories(top string) (dir, common string, err error) {
	dir = filepath.Join(top, ".git")
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return "", "", outside(err)
	case info.Mode().IsRegular():
		if dir, err = gitPath(dir, "gitdir: "); err != nil {
			return "", "", errors.New("its .git leads nowhere")
		}
	case !info.IsDir():
		return "", "", errors.New("its .git is neither a directory nor a file")
	}
	common, err = gitPath(filepath.Join(dir, "commondir"), "")
	if errors.Is(err, fs.ErrNotExist) {
		return dir, dir, nil
	}
	if err != nil {
		return "", "", fmt.Errorf("its commondir cannot be read: %w", err)
	}
	return dir, common, nil
}

// ReadGit reads what git has written about the work tree whose root is top. It parses
// nothing of it.
func ReadGit(top string) GitData {
	dir, common, err := GitDirectories(top)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return GitData{}
	case err != nil:
		return GitData{Problem: err.Error()}
	}
	var g GitData
	if g.Index, err = readRegular(filepath.Join(dir, "index"), maxIndex); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.Problem = fmt.Sprintf("its index cannot be read: %v", err)
	}
	if g.Index != nil && !bytes.HasPrefix(g.Index, []byte("DIRC")) {
		g.Index, g.Problem = nil, unknownIndex
	}
	// Without it more is linted, not less.
	g.Exclude, _ = readRegular(filepath.Join(common, "info", "exclude"), maxExclude)
	return g
}

// gitPath reads the path that a file of git holds behind a word, relative to the
// folder of that file.
func gitPath(name, word string) (string, error) {
	data, err := readRegular(name, maxGitFile)
	if err != nil {
		return "", err
	}
	line, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), word)
	if !ok || line == "" || strings.ContainsAny(line, "\n\x00") {
		return "", errors.New("not a path")
	}
	line = filepath.FromSlash(line)
	if !filepath.IsAbs(line) {
		line = filepath.Join(filepath.Dir(name), line)
	}
	return line, nil
}

// readRegular reads a regular file of the system of at most limit bytes, and no
// symlink to one.
func readRegular(name string, limit int64) ([]byte, error) {
	before, err := os.Lstat(name)
	if err != nil {
		return nil, outside(err)
	}
	if !before.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, outside(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if after, err := file.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, errNotRegular
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, outside(err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("it is larger than %d MiB", max(limit>>20, 1))
	}
	return data, nil
}

// SetGit tells the tree what git has written about the work tree in its directory dir,
// so that walks know which files are tracked and which are excluded there. Nothing of
// it is parsed before a walk needs it.
func (t *Tree) SetGit(dir string, g GitData) {
	t.git = append(t.git, gitFiles{dir: dir, exclude: g.Exclude, tracked: sync.OnceValues(func() ([]string, error) {
		if g.Problem != "" {
			return nil, errors.New(g.Problem)
		}
		names, err := parseIndex(g.Index)
		for i, name := range names {
			names[i] = path.Join(dir, name)
		}
		return names, err
	})})
}

// gitFiles is what git knows of a work tree in the directory dir of a tree.
type gitFiles struct {
	dir     string
	exclude []byte
	tracked trackedFiles
}

// trackedFiles returns the names of the files that git tracks, sorted, or why they are
// not known.
type trackedFiles func() ([]string, error)

// with returns the tracked files together with those of names that lie in dir.
func (f trackedFiles) with(dir string, names []string) trackedFiles {
	return sync.OnceValues(func() ([]string, error) {
		tracked, err := f()
		if err != nil {
			return nil, err
		}
		all := slices.Clone(tracked)
		for _, name := range names {
			if contains(dir, name) {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		return slices.Compact(all), nil
	})
}

// under returns those of sorted names that lie in a directory.
func under(names []string, dir string) []string {
	first := sort.SearchStrings(names, dir+"/")
	behind := sort.SearchStrings(names, dir+"0") // the character after the slash
	return names[first:behind]
}

// unknownIndex is what is said of an index that cannot be parsed.
const unknownIndex = "its index is of a form that egresslint does not know"

// parseIndex returns the names of the files in an index of git, sorted. Whoever wrote
// it, it is short work.
func parseIndex(data []byte) ([]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	unknown := errors.New(unknownIndex)
	if len(data) > maxIndex || !fitsTracked(data) {
		return nil, unknown
	}
	var idx index.Index
	switch err := index.NewDecoder(bytes.NewReader(data)).Decode(&idx); {
	case errors.Is(err, index.ErrInvalidChecksum) && bytes.HasSuffix(data, make([]byte, 20)):
		// Git leaves the sum out with index.skipHash.
	case err != nil:
		return nil, unknown
	}
	var names []string
	for _, e := range idx.Entries {
		if e.Mode != filemode.Submodule && fs.ValidPath(e.Name) {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// fitsTracked reports whether the names in an index take no more memory than what git
// writes: in its version 4 the name of an entry is what it adds to the one before, so
// that few bytes can stand for very many.
func fitsTracked(data []byte) bool {
	const head, entry, extended = 12, 62, 0x4000
	if len(data) < head || binary.BigEndian.Uint32(data[4:]) != 4 {
		return true
	}
	count := binary.BigEndian.Uint32(data[8:])
	length, total := 0, 0
	data = data[head:]
	for range count {
		if len(data) < entry {
			return false
		}
		size := entry
		if binary.BigEndian.Uint16(data[entry-2:])&extended != 0 {
			size += 2
		}
		rest := bytes.NewReader(data[min(size, len(data)):])
		dropped, err := gitbinary.ReadVariableWidthInt(rest)
		if err != nil || dropped < 0 || dropped > int64(length) {
			return false
		}
		data = data[len(data)-rest.Len():]
		added := bytes.IndexByte(data, 0)
		if added < 0 {
			return false
		}
		data = data[added+1:]
		length += added - int(dropped)
		if total += length; length > maxTrackedName || total > maxTracked {
			return false
		}
	}
	return true
}
