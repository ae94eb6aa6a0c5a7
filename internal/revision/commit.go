package revision

import (
	"context"
	"io/fs"
	"strconv"
	"strings"
)

// Commit returns the files of a commit, given by its id, and nothing else: unlike with
// [Repository.At], what git does not keep is not there, and neither is what lies in a
// submodule. Nothing of the work tree can take the place of a file.
func (r *Repository) Commit(ctx context.Context, commit string) (*FS, error) {
	out, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	var files []change
	for _, entry := range fields(out) {
		// mode type object, and the name after a tab
		meta, name, _ := strings.Cut(entry, "\t")
		parts := strings.Fields(meta)
		if len(parts) != 3 {
			return nil, unavailablef("read commit: git printed %q", meta)
		}
		mode, err := strconv.ParseUint(parts[0], 8, 32)
		if err != nil {
			return nil, unavailablef("read commit: git printed %q", meta)
		}
		name, below := r.below(name)
		if !below || mode&gitTypeMask == gitLink {
			continue
		}
		c := change{name: name, object: parts[2]}
		if mode&gitTypeMask == gitSymlink {
			c.mode = fs.ModeSymlink
		}
		files = append(files, c)
	}
	return newFS(nothing{}, files, newObjects(ctx, r)), nil
}

// nothing is a folder without files.
type nothing struct{}

// Open implements [fs.FS].
func (nothing) Open(name string) (fs.File, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openDir{info: entryInfo{name: name, mode: fs.ModeDir | 0o555}}, nil
}
