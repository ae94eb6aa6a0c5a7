package source

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/egresslint/egresslint/parser/guard"
)

// MaxFileSize is the largest file a run reads, in bytes. Larger ones are
// reported as LimitReached.
const MaxFileSize = 16 << 20

// ErrOutside is returned for a path that leaves the tree, also through a symlink.
var ErrOutside = errors.New("path leaves the tree")

// ErrTooLarge is returned for a file above MaxFileSize.
var ErrTooLarge = fmt.Errorf("file is larger than %d MiB", MaxFileSize>>20)

var errNotRegular = errors.New("not a regular file")

// Tree is the boundary of a run: the only files it may read. Names are
// slash-separated and relative to the root; "." is the root itself. What git keeps for
// itself is no part of it: there is no .git, under whatever name.
type Tree struct {
	fsys    fs.FS
	links   *Links   // nil if fsys has none
	tops    []string // the folders that may be read, "." or apart from each other
	git     []gitFiles
	overlay map[string][]byte
	lines   lineCache
	record  *Record // nil unless somebody wants to know what is read
}

// NewTree returns the tree over fsys. An fsys over a real directory must refuse
// to follow symlinks out of it, as [os.Root] does.
func NewTree(fsys fs.FS) *Tree {
	t := &Tree{fsys: fsys, tops: []string{"."}}
	if linked, ok := fsys.(fs.ReadLinkFS); ok {
		t.links = NewLinks(func(name string) (fs.FileInfo, error) {
			if hidden(path.Base(name)) {
				return nil, fs.ErrNotExist
			}
			return linked.Lstat(name)
		}, linked.ReadLink)
	}
	return t
}

// OpenTree opens the directory root as a tree. Symlinks that lead out of it are
// not followed.
func OpenTree(root string) (*Tree, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	return NewTree(r.FS()), nil
}

// OpenTrees opens the directory root as a tree of which only the boundaries may be
// read. They are directories in it, all absolute and without symlinks. Of what lies
// beside them nothing is seen but the directories on the way.
func OpenTrees(root string, boundaries []string) (*Tree, error) {
	if !guard.On(guard.Boundaries) {
		return OpenTree(root)
	}
	m := &mounts{roots: make(map[string]fs.FS)}
	for _, b := range boundaries {
		rel, err := filepath.Rel(root, b)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("open tree: %s does not lie in %s", b, root)
		}
		m.add(filepath.ToSlash(rel))
	}
	for _, name := range m.tops {
		r, err := os.OpenRoot(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("open tree: %w", err)
		}
		m.roots[name] = r.FS()
	}
	if root, ok := m.roots["."]; ok {
		return NewTree(root), nil
	}
	t := NewTree(m)
	t.tops = m.tops
	return t, nil
}

// At returns a tree over the files of a revision of t, given with the names that git
// has there beyond those that it has now. It has no overlay.
func (t *Tree) At(files fs.FS, tracked []string) *Tree {
	then := NewTree(files)
	then.tops = t.tops
	for _, g := range t.git {
		then.git = append(then.git, gitFiles{dir: g.dir, exclude: g.exclude, tracked: g.tracked.with(g.dir, tracked)})
	}
	return then
}

// FS returns the files of the tree as they lie there, without the overlay and with
// what git keeps for itself. It is for what is laid over them.
func (t *Tree) FS() fs.FS { return t.fsys }

// hidden reports whether an element of a name is not seen.
func hidden(element string) bool { return OfGit(element) && guard.On(guard.GitDirectory) }

// OfGit reports whether an element of a name is the directory or the file that git keeps
// for itself, as any file system may write it: in capitals, with characters that it
// ignores, or with its short name.
func OfGit(element string) bool {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // macOS ignores these
			return -1
		}
		return r
	}, element)
	plain, _, _ = strings.Cut(plain, ":") // Windows names the streams of a file so
	plain = strings.TrimRight(plain, " .")
	return strings.EqualFold(plain, ".git") || strings.EqualFold(plain, "git~1")
}

// ofGit reports whether a name without symlinks is that of what git keeps for itself. It
// is asked where a file is opened, whatever led there.
func ofGit(real string) bool {
	return slices.ContainsFunc(strings.Split(real, "/"), OfGit)
}

// resolve returns what a name leads to behind symlinks, and describes it.
func (t *Tree) resolve(name string) (string, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return "", nil, ErrOutside
	}
	if t.links != nil {
		real, info, err := t.links.Resolve(name, true)
		return real, info, outside(err)
	}
	for element := range strings.SplitSeq(name, "/") {
		if hidden(element) {
			return "", nil, fs.ErrNotExist
		}
	}
	info, err := fs.Stat(t.fsys, name)
	return name, info, outside(err)
}

// realName resolves the symlinks in name. It returns ErrOutside if one of them
// leads out of the tree.
func (t *Tree) realName(name string) (string, error) {
	real, _, err := t.resolve(name)
	return real, err
}

// ReadFile returns the contents of a file. The error is ErrOutside for a name
// that leaves the tree and ErrTooLarge for a file above MaxFileSize.
func (t *Tree) ReadFile(name string) (data []byte, err error) {
	defer func() { t.record.note(contents, name, func() Digest { return digestOf(data, err) }) }()
	if data, ok := t.overlay[name]; ok {
		return data, nil
	}
	real, info, err := t.resolve(name)
	if err == nil {
		err = readable(info)
	}
	if err != nil {
		return nil, err
	}
	if ofGit(real) {
		return nil, fs.ErrNotExist
	}
	file, err := t.fsys.Open(real)
	if err != nil {
		return nil, outside(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	// What was opened may be another file by now, and a file may grow or have no size
	// at all, as those of the system do.
	if info, err = file.Stat(); err == nil {
		err = readable(info)
	}
	if err != nil {
		return nil, outside(err)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := buffer.ReadFrom(io.LimitReader(file, MaxFileSize+1)); err != nil {
		return nil, outside(err)
	}
	if buffer.Len() > MaxFileSize {
		return nil, ErrTooLarge
	}
	return buffer.Bytes(), nil
}

// readable returns why a file cannot be read as a whole, if so.
func readable(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errNotRegular
	case info.Size() > MaxFileSize:
		return ErrTooLarge
	default:
		return nil
	}
}

// ReadDir lists a directory, sorted by name. Files of the overlay are listed too.
func (t *Tree) ReadDir(name string) (entries []fs.DirEntry, err error) {
	defer func() { t.record.note(listing, name, func() Digest { return digestOfEntries(entries, err) }) }()
	if !fs.ValidPath(name) {
		return nil, ErrOutside
	}
	real, _, err := t.resolve(name)
	if err == nil {
		entries, err = fs.ReadDir(t.fsys, real)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return hidden(e.Name()) })
	if laid := t.overlaid(name, entries); len(laid) > 0 {
		entries, err = append(entries, laid...), nil
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	}
	return entries, outside(err)
}

// Stat describes a file or directory, following symlinks inside the tree.
func (t *Tree) Stat(name string) (info fs.FileInfo, err error) {
	defer func() { t.record.note(description, name, func() Digest { return digestOfInfo(info, err) }) }()
	if data, ok := t.overlay[name]; ok {
		return overlayFile{name: path.Base(name), size: int64(len(data))}, nil
	}
	if _, info, err = t.resolve(name); err != nil {
		return nil, err
	}
	return Named(info, name), nil
}

// Join resolves a slash-separated path that is written relative to the
// directory dir of the tree. It returns ErrOutside for absolute paths and those
// that climb above the root.
func Join(dir, rel string) (string, error) {
	if path.IsAbs(rel) || filepath.VolumeName(rel) != "" {
		return "", ErrOutside
	}
	name := path.Join(dir, rel)
	if !fs.ValidPath(name) {
		return "", ErrOutside
	}
	return name, nil
}

// outside turns the error of [os.Root] for an escaping path, which has no
// exported value, into ErrOutside.
func outside(err error) error {
	if err == nil {
		return nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		if strings.Contains(pathErr.Err.Error(), "escapes") {
			return ErrOutside
		}
		return pathErr.Err // the caller names the file, relative to the tree
	}
	return err
}
