package source

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// mounts has several folders of a directory, and of everything else only the
// directories that lead to them.
type mounts struct {
	tops  []string // sorted, none in another
	roots map[string]fs.FS
}

// besideError is the error for what lies beside the folders: a run that looks for
// a file on the way up finds none, and what a symlink leads to leaves the tree.
type besideError struct{}

func (besideError) Error() string        { return ErrOutside.Error() }
func (besideError) Is(target error) bool { return target == ErrOutside || target == fs.ErrNotExist }

// add adds a folder, unless it lies in another.
func (m *mounts) add(name string) {
	if _, _, ok := m.find(name); ok {
		return
	}
	m.tops = slices.DeleteFunc(m.tops, func(top string) bool { return contains(name, top) })
	m.tops = append(m.tops, name)
	slices.Sort(m.tops)
}

// contains reports whether name is dir, or lies in it.
func contains(dir, name string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}

// find returns the folder that holds a name, and the name in it.
func (m *mounts) find(name string) (top, rest string, ok bool) {
	for _, top := range m.tops {
		if contains(top, name) {
			rest = strings.TrimPrefix(strings.TrimPrefix(name, top), "/")
			return top, cmp.Or(rest, "."), true
		}
	}
	return "", "", false
}

// above lists the next elements of the names of the folders that lie below dir; none
// if dir is not on the way to one.
func (m *mounts) above(dir string) []string {
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	var next []string
	for _, top := range m.tops {
		if rest, ok := strings.CutPrefix(top, prefix); ok {
			element, _, _ := strings.Cut(rest, "/")
			next = append(next, element)
		}
	}
	slices.Sort(next)
	return slices.Compact(next)
}

// Open implements [fs.FS]. Directories on the way are for ReadDir.
func (m *mounts) Open(name string) (fs.File, error) {
	if top, rest, ok := m.find(name); ok {
		return m.roots[top].Open(rest)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: besideError{}}
}

// ReadDir implements [fs.ReadDirFS].
func (m *mounts) ReadDir(name string) ([]fs.DirEntry, error) {
	if top, rest, ok := m.find(name); ok {
		return fs.ReadDir(m.roots[top], rest)
	}
	next := m.above(name)
	if next == nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: besideError{}}
	}
	entries := make([]fs.DirEntry, 0, len(next))
	for _, element := range next {
		entries = append(entries, fs.FileInfoToDirEntry(way(element)))
	}
	return entries, nil
}

// Lstat implements [fs.ReadLinkFS].
func (m *mounts) Lstat(name string) (fs.FileInfo, error) {
	if top, rest, ok := m.find(name); ok {
		info, err := fs.Lstat(m.roots[top], rest)
		if err != nil {
			return nil, err
		}
		return Named(info, name), nil
	}
	if m.above(name) == nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: besideError{}}
	}
	return way(path.Base(name)), nil
}

// ReadLink implements [fs.ReadLinkFS].
func (m *mounts) ReadLink(name string) (string, error) {
	if top, rest, ok := m.find(name); ok {
		return fs.ReadLink(m.roots[top], rest)
	}
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}

// way describes a directory on the way to a folder that may be read.
type way string

func (w way) Name() string     { return string(w) }
func (way) Size() int64        { return 0 }
func (way) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (way) ModTime() time.Time { return time.Time{} }
func (way) IsDir() bool        { return true }
func (way) Sys() any           { return nil }
