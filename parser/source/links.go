package source

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// maxLinks is how many symlinks one name may lead through, as in most systems.
const maxLinks = 40

// Links follows the symlinks of a file system element by element, so that nothing is
// looked at under a name that has not been looked at itself. It may be used from
// several goroutines.
type Links struct {
	lstat    func(name string) (fs.FileInfo, error)
	readLink func(name string) (string, error)

	mu   sync.Mutex
	real map[string]string // directories without symlinks, by name
}

// NewLinks returns the links of a file system. It asks lstat about each element of a
// name, with the directory before it free of symlinks, and readLink about symlinks.
func NewLinks(lstat func(name string) (fs.FileInfo, error), readLink func(name string) (string, error)) *Links {
	return &Links{lstat: lstat, readLink: readLink, real: map[string]string{".": "."}}
}

// Resolve returns name without symlinks, in its last element only if follow is set,
// and describes what is there. The error is ErrOutside for a symlink that leads out of
// the file system.
func (l *Links) Resolve(name string, follow bool) (string, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return "", nil, fs.ErrInvalid
	}
	if name == "." {
		info, err := l.lstat(name)
		return name, info, err
	}
	links := 0
	dir, err := l.directory(path.Dir(name), &links)
	if err != nil {
		return "", nil, err
	}
	return l.step(path.Join(dir, path.Base(name)), follow, &links)
}

// directory resolves the symlinks in the name of a directory. Trees have many
// files in few directories.
func (l *Links) directory(name string, links *int) (string, error) {
	l.mu.Lock()
	real, ok := l.real[name]
	l.mu.Unlock()
	if ok {
		return real, nil
	}
	dir, err := l.directory(path.Dir(name), links)
	if err != nil {
		return "", err
	}
	real, info, err := l.step(path.Join(dir, path.Base(name)), true, links)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", syscall.ENOTDIR
	}
	l.mu.Lock()
	l.real[name] = real
	l.mu.Unlock()
	return real, nil
}

// step describes name, whose directory has no symlinks, and follows it.
func (l *Links) step(name string, follow bool, links *int) (string, fs.FileInfo, error) {
	for {
		info, err := l.lstat(name)
		if err != nil || !follow || info.Mode()&fs.ModeSymlink == 0 {
			return name, info, err
		}
		if *links++; *links > maxLinks {
			return "", nil, syscall.ELOOP
		}
		target, err := l.readLink(name)
		if err != nil {
			return "", nil, err
		}
		if name, err = l.along(path.Dir(name), target, links); err != nil {
			return "", nil, err
		}
	}
}

// along returns the name that a symlink in dir leads to, with symlinks left in its
// last element only.
func (l *Links) along(dir, target string, links *int) (string, error) {
	target = filepath.ToSlash(target)
	if path.IsAbs(target) || filepath.VolumeName(target) != "" {
		return "", ErrOutside
	}
	elements := strings.Split(strings.TrimRight(target, "/"), "/")
	for i, element := range elements {
		switch element {
		case "", ".":
			continue
		case "..":
			if dir == "." {
				return "", ErrOutside
			}
			dir = path.Dir(dir)
			continue
		}
		next := path.Join(dir, element)
		if i == len(elements)-1 {
			return next, nil
		}
		var info fs.FileInfo
		var err error
		if dir, info, err = l.step(next, true, links); err != nil {
			return "", err
		}
		if !info.IsDir() {
			return "", syscall.ENOTDIR
		}
	}
	return dir, nil
}

// renamed describes a file under the name of the symlink that leads to it.
type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }

// Named returns info under the last element of name.
func Named(info fs.FileInfo, name string) fs.FileInfo {
	if name == "." || info.Name() == path.Base(name) {
		return info
	}
	return renamed{info, path.Base(name)}
}
