// Package revision shows the files of a git commit as they would lie in the work
// tree, read from git's objects: nothing is checked out and no file is written. It
// starts no program: package git runs git, and hands over what it says as a Snapshot
// and as the pipes of a process that prints objects.
package revision

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Unavailable is a revision that cannot be read, and what to do about it. Its
// text has no line breaks.
type Unavailable struct{ reason string }

func (e *Unavailable) Error() string { return e.reason }

// Unavailablef returns an Unavailable.
func Unavailablef(format string, args ...any) error {
	return &Unavailable{fmt.Sprintf(format, args...)}
}

// Snapshot is all that is to be known of a commit to show its files, but for their
// contents. Names are relative to the folder that is shown.
type Snapshot struct {
	Commit  string
	Changes []Change
	Renames []Rename
	// Submodules are the folders of those for which the work tree has another commit.
	// What lies in them is that of the work tree in both.
	Submodules []string
}

// Change is a name that the commit has something else under than the work tree.
type Change struct {
	Name string
	// Object is what the commit has; empty if it has nothing there.
	Object string
	Link   bool // the object is where a symlink leads
}

// Rename is a file that the commit has under another name than the work tree.
type Rename struct {
	From string
	To   string
}

// Changed reports whether the commit differs from the work tree.
func (s *Snapshot) Changed() bool { return len(s.Changes) > 0 || len(s.Submodules) > 0 }

// Tracked returns the names of the files that the commit has and the work tree has
// not, or not so.
func (s *Snapshot) Tracked() []string {
	var names []string
	for _, c := range s.Changes {
		if c.Object != "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// Formerly returns the names, each once, that the commit has for what name is now:
// where there is a rename since, the file or the folder that it was before, else name
// itself.
func (s *Snapshot) Formerly(name string) []string {
	var names []string
	add := func(former string) {
		if fs.ValidPath(former) && !slices.Contains(names, former) {
			names = append(names, former)
		}
	}
	for _, r := range s.Renames {
		rest, inside := strings.CutPrefix(r.To, name+"/")
		switch folder, moved := strings.CutSuffix(r.From, "/"+rest); {
		case r.To == name, inside && !moved:
			add(r.From)
		case inside:
			add(folder)
		}
	}
	if names == nil {
		names = []string{name}
	}
	return names
}
