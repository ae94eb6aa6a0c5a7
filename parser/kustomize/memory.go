package kustomize

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// memory is all that kustomize can read during a build: some files by their
// absolute names. The one that kustomize has refuses names that real files have.
type memory struct {
	files map[string][]byte
	dirs  map[string]bool
}

var _ filesys.FileSystem = (*memory)(nil)

func newMemory() *memory {
	return &memory{files: make(map[string][]byte), dirs: map[string]bool{"/": true}}
}

// add puts a file there, under its name in the tree.
func (m *memory) add(name string, data []byte) {
	name = path.Join("/", name)
	m.files[name] = data
	for dir := path.Dir(name); !m.dirs[dir]; dir = path.Dir(dir) {
		m.dirs[dir] = true
	}
}

func notExist(name string) error {
	return fmt.Errorf("'%s' doesn't exist", strings.TrimPrefix(name, "/"))
}

// CleanedAbs splits a name into a directory and a file in it, if it names a file.
func (m *memory) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	name = path.Join("/", name)
	switch {
	case m.dirs[name]:
		return filesys.ConfirmedDir(name), "", nil
	case m.Exists(name):
		return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
	default:
		return "", "", notExist(name)
	}
}

// ReadFile returns the contents of a file.
func (m *memory) ReadFile(name string) ([]byte, error) {
	name = path.Join("/", name)
	data, ok := m.files[name]
	if !ok {
		if m.dirs[name] {
			return nil, errors.New("it is a directory")
		}
		return nil, notExist(name)
	}
	return slices.Clone(data), nil
}

// ReadDir lists the names of the files and directories in a directory.
func (m *memory) ReadDir(name string) ([]string, error) {
	name = path.Join("/", name)
	if !m.dirs[name] {
		return nil, notExist(name)
	}
	var names []string
	for file := range m.files {
		if path.Dir(file) == name {
			names = append(names, path.Base(file))
		}
	}
	for dir := range m.dirs {
		if path.Dir(dir) == name && dir != "/" {
			names = append(names, path.Base(dir))
		}
	}
	slices.Sort(names)
	return names, nil
}

// IsDir reports whether name is a directory.
func (m *memory) IsDir(name string) bool { return m.dirs[path.Join("/", name)] }

// Exists reports whether there is anything of that name.
func (m *memory) Exists(name string) bool {
	name = path.Join("/", name)
	_, ok := m.files[name]
	return ok || m.dirs[name]
}

// The rest of the interface is not used by a build.

var errUnsupported = errors.New("not supported while an overlay is built")

func (*memory) Create(string) (filesys.File, error)  { return nil, errUnsupported }
func (*memory) Mkdir(string) error                   { return errUnsupported }
func (*memory) MkdirAll(string) error                { return errUnsupported }
func (*memory) RemoveAll(string) error               { return errUnsupported }
func (*memory) Open(string) (filesys.File, error)    { return nil, errUnsupported }
func (*memory) Glob(string) ([]string, error)        { return nil, errUnsupported }
func (*memory) WriteFile(string, []byte) error       { return errUnsupported }
func (*memory) Walk(string, filepath.WalkFunc) error { return errUnsupported }
