package revision

import (
	"context"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// change is a name that another revision has something else under than the work
// tree.
type change struct {
	name string
	// object is what the revision has; empty if it has nothing there.
	object string
	mode   fs.FileMode // of the object: 0 or fs.ModeSymlink
}

// Types of entries in git's trees.
const (
	gitTypeMask = 0o170000
	gitSymlink  = 0o120000
	gitLink     = 0o160000 // a submodule
)

// changes compares a commit with the work tree, below the folder that was opened.
func (r *Repository) changes(ctx context.Context, commit string) ([]change, error) {
	// Unlike diff, diff-index never writes the index. It takes a file whose times have
	// changed for another one, which costs reading it and makes no difference.
	// Submodules are compared by their commits alone: to look into one, git would run
	// in it, with the filters of its own configuration.
	diff, err := r.git(ctx, "diff-index", "--raw", "-z", "--no-renames", "--no-abbrev",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--no-color", "--ignore-submodules=dirty", commit, "--")
	if err != nil {
		return nil, err
	}
	list, err := parseDiff(diff)
	if err != nil {
		return nil, err
	}
	untracked, err := r.git(ctx, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(list))
	for _, c := range list {
		known[c.name] = true
	}
	for _, name := range fields(untracked) {
		// What was only taken out of the index is still the commit's.
		if name = strings.TrimSuffix(name, "/"); !known[name] { // a slash is after a repository of its own
			list = append(list, change{name: name})
		}
	}
	var below []change
	for _, c := range list {
		if name, ok := r.below(c.name); ok {
			c.name = name
			below = append(below, c)
		}
	}
	return below, nil
}

// Rename is a file of a commit that has another name in the work tree.
type Rename struct{ From, To string }

// Renames returns the files that git sees as renamed since a commit.
func (r *Repository) Renames(ctx context.Context, commit string) ([]Rename, error) {
	out, err := r.git(ctx, "diff-index", "--name-status", "-z", "--find-renames", "--diff-filter=R",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--no-color", "--ignore-submodules=all", commit, "--")
	if err != nil {
		return nil, err
	}
	var list []Rename
	for renamed := range slices.Chunk(fields(out), 3) { // status, from, to
		if len(renamed) != 3 {
			return nil, unavailablef("read renames: git printed %q", renamed[0])
		}
		from, fromBelow := r.below(renamed[1])
		to, toBelow := r.below(renamed[2])
		if fromBelow || toBelow {
			list = append(list, Rename{from, to})
		}
	}
	return list, nil
}

// below returns the name of a file relative to the folder that was opened; false, and
// an empty name, if it lies elsewhere.
func (r *Repository) below(name string) (string, bool) {
	if name, ok := strings.CutPrefix(name, r.prefix); ok && fs.ValidPath(name) {
		return name, true
	}
	return "", false
}

// Formerly returns the names, each once, that a commit has for what name is now:
// where git sees a rename since, the file or the folder that it was before, else
// name itself.
func (r *Repository) Formerly(ctx context.Context, commit, name string) ([]string, error) {
	renames, err := r.Renames(ctx, commit)
	if err != nil {
		return nil, err
	}
	var names []string
	add := func(former string) {
		if former != "" && !slices.Contains(names, former) {
			names = append(names, former)
		}
	}
	for _, renamed := range renames {
		rest, inside := strings.CutPrefix(renamed.To, name+"/")
		switch folder, moved := strings.CutSuffix(renamed.From, "/"+rest); {
		case renamed.To == name, inside && !moved:
			add(renamed.From)
		case inside:
			add(folder)
		}
	}
	if names == nil {
		names = []string{name}
	}
	return names, nil
}

// parseDiff reads what "git diff-index --raw -z --no-renames --no-abbrev" prints.
func parseDiff(out string) ([]change, error) {
	var list []change
	entries := fields(out)
	for pair := range slices.Chunk(entries, 2) {
		// :mode mode object object status
		meta := strings.Fields(strings.TrimPrefix(pair[0], ":"))
		if len(pair) != 2 || len(meta) != 5 {
			return nil, unavailablef("read changes: git printed %q", pair[0])
		}
		before, errBefore := strconv.ParseUint(meta[0], 8, 32)
		after, errAfter := strconv.ParseUint(meta[1], 8, 32)
		if errBefore != nil || errAfter != nil {
			return nil, unavailablef("read changes: git printed %q", pair[0])
		}
		c := change{name: pair[1]}
		switch before & gitTypeMask {
		case 0:
			if meta[4] == "U" { // a conflict, which the work tree holds
				continue
			}
		case gitLink:
			// What is in a submodule is not in this repository.
			if after&gitTypeMask == gitLink {
				continue
			}
		case gitSymlink:
			c.object, c.mode = meta[2], fs.ModeSymlink
		default:
			c.object = meta[2]
		}
		list = append(list, c)
	}
	return list, nil
}
