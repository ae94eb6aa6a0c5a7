package source

import (
	"io/fs"
	"path"
	"time"
)

// Overlay makes the file name read as data, whether or not the tree has such a
// file. It must not be called while the tree is read.
func (t *Tree) Overlay(name string, data []byte) {
	if t.overlay == nil {
		t.overlay = make(map[string][]byte)
	}
	t.overlay[name] = data
	t.lines.forget(name)
}

// overlaid returns the files of the overlay in a directory that are not among
// its entries, in no order.
func (t *Tree) overlaid(dir string, entries []fs.DirEntry) []fs.DirEntry {
	var laid []fs.DirEntry
next:
	for name, data := range t.overlay {
		if path.Dir(name) != dir {
			continue
		}
		for _, e := range entries {
			if e.Name() == path.Base(name) {
				continue next
			}
		}
		laid = append(laid, fs.FileInfoToDirEntry(overlayFile{name: path.Base(name), size: int64(len(data))}))
	}
	return laid
}

// overlayFile describes a file of the overlay.
type overlayFile struct {
	name string
	size int64
}

func (f overlayFile) Name() string     { return f.name }
func (f overlayFile) Size() int64      { return f.size }
func (overlayFile) Mode() fs.FileMode  { return 0o444 }
func (overlayFile) ModTime() time.Time { return time.Time{} }
func (overlayFile) IsDir() bool        { return false }
func (overlayFile) Sys() any           { return nil }
