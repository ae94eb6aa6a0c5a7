package revision

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/egresslint/egresslint/parser/source"
)

// FS has the files of a revision. It lays what git has for the names that differ
// over the work tree. Symlinks lead to what the revision has at their end; one that
// leaves the folder gives [source.ErrOutside].
//
// FS implements [fs.ReadFileFS], [fs.ReadDirFS], [fs.StatFS] and [fs.ReadLinkFS],
// and may be used from several goroutines.
type FS struct {
	work    fs.FS
	objects *Objects
	links   *source.Links
	// changed has the names that the revision has another file under than the work
	// tree, or none.
	changed map[string]Change
	// below has, for each directory that holds names of changed which the revision
	// has, the last elements of their names and of the directories between.
	below map[string][]string
	// thinned are the directories that hold names which the revision does not have.
	thinned map[string]bool
}

// Nothing is a folder without files, for [NewFS] with all that a commit has.
type Nothing struct{}

// Open implements [fs.FS].
func (Nothing) Open(name string) (fs.File, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openDir{info: entryInfo{name: name, mode: fs.ModeDir | 0o555}}, nil
}

// NewFS returns the files of a commit. What git does not keep, such as downloaded
// modules and ignored variable files, is taken from work, the folder that the snapshot
// was made for, and so are the files that have not changed since. The objects are nil
// if nothing has changed.
func NewFS(work fs.FS, s *Snapshot, objects *Objects) *FS {
	f := &FS{
		work: work, objects: objects,
		changed: make(map[string]Change, len(s.Changes)), below: make(map[string][]string),
		thinned: make(map[string]bool),
	}
	f.links = source.NewLinks(f.lstat, f.target)
	for _, c := range s.Changes {
		f.changed[c.Name] = c
	}
	for _, c := range f.changed {
		for name := c.Name; name != "."; name = path.Dir(name) {
			dir := path.Dir(name)
			if c.Object == "" {
				f.thinned[dir] = true
			} else {
				f.below[dir] = append(f.below[dir], path.Base(name))
			}
		}
	}
	for dir, names := range f.below {
		slices.Sort(names)
		f.below[dir] = slices.Compact(names)
	}
	return f
}

// Close ends the reading of objects. The error tells of a file that could not be
// read, so that what was read is not the revision; it is an Unavailable unless
// the time ran out.
func (f *FS) Close() error {
	if f.objects == nil {
		return nil
	}
	return f.objects.close()
}

// Open implements [fs.FS].
func (f *FS) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, failed("open", name, err)
	}
	if info.IsDir() {
		entries, err := f.ReadDir(name)
		return &openDir{info: info, entries: entries}, err
	}
	data, err := f.ReadFile(name)
	return &openFile{info: info, Reader: bytes.NewReader(data)}, err
}

// ReadFile implements [fs.ReadFileFS].
func (f *FS) ReadFile(name string) ([]byte, error) {
	real, _, err := f.links.Resolve(name, true)
	if err != nil {
		return nil, failed("read", name, err)
	}
	c, ok := f.changed[real]
	if !ok || c.Object == "" {
		return fs.ReadFile(f.work, real)
	}
	b := f.objects.read(c.Object)
	switch {
	case b.err != nil:
		return nil, failed("read", name, b.err)
	case b.data == nil:
		return nil, failed("read", name, source.ErrTooLarge)
	}
	return slices.Clone(b.data), nil
}

// ReadDir implements [fs.ReadDirFS].
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	real, info, err := f.links.Resolve(name, true)
	if err != nil {
		return nil, failed("readdir", name, err)
	}
	if !info.IsDir() {
		return nil, failed("readdir", name, errors.New("not a directory"))
	}
	entries, err := f.list(real)
	if err != nil {
		return nil, failed("readdir", name, err)
	}
	return entries, nil
}

// list lists a directory that the revision has.
func (f *FS) list(dir string) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	if !f.gone(dir) {
		var err error
		// The directory may be one that only the revision has.
		if entries, err = fs.ReadDir(f.work, dir); err != nil && f.below[dir] == nil {
			return nil, err
		}
	}
	if !f.thinned[dir] && f.below[dir] == nil {
		return entries, nil
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if _, ours := slices.BinarySearch(f.below[dir], e.Name()); ours {
			return true
		}
		_, err := f.lstat(path.Join(dir, e.Name()))
		return err != nil
	})
	for _, base := range f.below[dir] {
		name := path.Join(dir, base)
		mode := fs.ModeDir
		if c, ok := f.changed[name]; ok && c.Object != "" {
			mode = c.mode()
		}
		entries = append(entries, dirEntry{fs: f, name: name, mode: mode})
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Stat implements [fs.StatFS].
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	_, info, err := f.links.Resolve(name, true)
	if err != nil {
		return nil, failed("stat", name, err)
	}
	return source.Named(info, name), nil
}

// Lstat implements [fs.ReadLinkFS].
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	_, info, err := f.links.Resolve(name, false)
	if err != nil {
		return nil, failed("lstat", name, err)
	}
	return info, nil
}

// ReadLink implements [fs.ReadLinkFS].
func (f *FS) ReadLink(name string) (string, error) {
	real, info, err := f.links.Resolve(name, false)
	if err != nil {
		return "", failed("readlink", name, err)
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", failed("readlink", name, errors.New("not a symlink"))
	}
	target, err := f.target(real)
	if err != nil {
		return "", failed("readlink", name, err)
	}
	return target, nil
}

// maxTarget is how many bytes the target of a symlink may have, as in most systems.
const maxTarget = 4096

// target is where a symlink leads, as written.
func (f *FS) target(name string) (string, error) {
	c, ok := f.changed[name]
	if !ok {
		return fs.ReadLink(f.work, name)
	}
	b := f.objects.read(c.Object)
	if b.err == nil && b.size > maxTarget {
		return "", source.ErrTooLarge
	}
	return string(b.data), b.err
}

// lstat describes what the revision has under name, whose directory has no
// symlinks.
func (f *FS) lstat(name string) (fs.FileInfo, error) {
	if c, ok := f.changed[name]; ok && c.Object != "" {
		if c.Link {
			return entryInfo{name: path.Base(name), mode: fs.ModeSymlink | 0o777}, nil
		}
		b := f.objects.read(c.Object)
		return entryInfo{name: path.Base(name), size: b.size, mode: 0o444}, b.err
	}
	if f.below[name] != nil {
		return entryInfo{name: path.Base(name), mode: fs.ModeDir | 0o555}, nil
	}
	if f.gone(name) {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Lstat(f.work, name)
	// Git knows no empty directories.
	if err == nil && info.IsDir() && name != "." && f.thinned[name] {
		if entries, err := f.list(name); err != nil || len(entries) == 0 {
			return nil, fs.ErrNotExist
		}
	}
	return info, err
}

// gone reports whether the revision does not have what the work tree has under
// name.
func (f *FS) gone(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if c, ok := f.changed[name]; ok && c.Object == "" {
			return true
		}
	}
	return false
}

// mode is the type of what the commit has.
func (c Change) mode() fs.FileMode {
	if c.Link {
		return fs.ModeSymlink
	}
	return 0
}

// failed is an error of the kind that [fs.FS] promises.
func failed(op, name string, err error) error {
	var already *fs.PathError
	if errors.As(err, &already) {
		err = already.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// entryInfo describes what only the revision has.
type entryInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i entryInfo) Name() string       { return i.name }
func (i entryInfo) Size() int64        { return i.size }
func (i entryInfo) Mode() fs.FileMode  { return i.mode }
func (i entryInfo) ModTime() time.Time { return time.Time{} }
func (i entryInfo) IsDir() bool        { return i.mode.IsDir() }
func (i entryInfo) Sys() any           { return nil }

// dirEntry is an entry that only the revision has. Its size is read when asked
// for, since it takes the contents, and most files are none that a run reads.
type dirEntry struct {
	fs   *FS
	name string
	mode fs.FileMode
}

func (e dirEntry) Name() string               { return path.Base(e.name) }
func (e dirEntry) Type() fs.FileMode          { return e.mode }
func (e dirEntry) IsDir() bool                { return e.mode.IsDir() }
func (e dirEntry) Info() (fs.FileInfo, error) { return e.fs.lstat(e.name) }

// openFile is a file that was opened.
type openFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

// openDir is a directory that was opened.
type openDir struct {
	info    fs.FileInfo
	entries []fs.DirEntry // that were not read yet
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error)   { return 0, errors.New("is a directory") }

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.entries)
	} else if len(d.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.entries))
	read := d.entries[:n]
	d.entries = d.entries[n:]
	return read, nil
}
