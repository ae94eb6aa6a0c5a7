package git

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/revision"
)

// Snapshot compares a commit, given by its id, with the work tree below the folder that
// was opened.
func (r *Repository) Snapshot(ctx context.Context, commit string) (*revision.Snapshot, error) {
	s := &revision.Snapshot{Commit: commit}
	var err error
	if s.Changes, s.Submodules, err = r.changes(ctx, commit); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.Changes, func(c revision.Change) bool { return c.Object == "" }) {
		s.Renames, err = r.renames(ctx, commit)
	}
	return s, err
}

// Commit returns all that a commit has below the folder that was opened, as it differs
// from a folder without files: nothing of the work tree can take the place of a file.
// What lies in a submodule is not there.
func (r *Repository) Commit(ctx context.Context, commit string) (*revision.Snapshot, error) {
	out, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	s := &revision.Snapshot{Commit: commit}
	for _, entry := range fields(out) {
		// mode type object, and the name after a tab
		meta, name, _ := strings.Cut(entry, "\t")
		parts := strings.Fields(meta)
		if len(parts) != 3 || !objectID.MatchString(parts[2]) {
			return nil, errPrinted
		}
		mode, err := strconv.ParseUint(parts[0], 8, 32)
		if err != nil {
			return nil, errPrinted
		}
		if name, below := r.below(name); below && mode&gitTypeMask != gitLink {
			s.Changes = append(s.Changes, revision.Change{Name: name, Object: parts[2], Link: mode&gitTypeMask == gitSymlink})
		}
	}
	return s, nil
}

// Types of entries in git's trees.
const (
	gitTypeMask = 0o170000
	gitSymlink  = 0o120000
	gitLink     = 0o160000 // a submodule
)

// changes compares a commit with the work tree, below the folder that was opened.
func (r *Repository) changes(ctx context.Context, commit string) (changes []revision.Change, submodules []string, err error) {
	// Unlike diff, diff-index never writes the index. It takes a file whose times have
	// changed for another one, which costs reading it and makes no difference.
	// Submodules are compared by their commits alone: to look into one, git would run
	// in it, with the filters of its own configuration.
	diff, err := r.git(ctx, "diff-index", "--raw", "-z", "--no-renames", "--no-abbrev",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--no-color", "--ignore-submodules=dirty", commit, "--")
	if err != nil {
		return nil, nil, err
	}
	list, moved, err := parseDiff(diff)
	if err != nil {
		return nil, nil, err
	}
	untracked, err := r.git(ctx, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return nil, nil, err
	}
	for _, name := range moved {
		if name, ok := r.below(name); ok {
			submodules = append(submodules, name)
		}
	}
	known := make(map[string]bool, len(list))
	for _, c := range list {
		known[c.Name] = true
	}
	for _, name := range fields(untracked) {
		// What was only taken out of the index is still the commit's.
		if name = strings.TrimSuffix(name, "/"); !known[name] { // a slash is after a repository of its own
			list = append(list, revision.Change{Name: name})
		}
	}
	for _, c := range list {
		if name, ok := r.below(c.Name); ok {
			c.Name = name
			changes = append(changes, c)
		}
	}
	return changes, submodules, nil
}

// renames returns the files that a commit has under other names than the work tree.
func (r *Repository) renames(ctx context.Context, commit string) ([]revision.Rename, error) {
	out, err := r.git(ctx, "diff-index", "--name-status", "-z", "--find-renames", "--diff-filter=R",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--no-color", "--ignore-submodules=all", commit, "--")
	if err != nil {
		return nil, err
	}
	var list []revision.Rename
	for renamed := range slices.Chunk(fields(out), 3) { // status, from, to
		if len(renamed) != 3 {
			return nil, errPrinted
		}
		from, inFrom := r.below(renamed[1])
		to, inTo := r.below(renamed[2])
		if inFrom && inTo {
			list = append(list, revision.Rename{From: from, To: to})
		}
	}
	return list, nil
}

// below returns the name of a file of the work tree in the folder that was opened;
// false if it does not lie there.
func (r *Repository) below(name string) (string, bool) {
	name, ok := strings.CutPrefix(name, r.prefix)
	return name, ok && fs.ValidPath(name)
}

// errPrinted is the error for what git should not have printed. What it was may be
// anything.
var errPrinted = revision.Unavailablef("read changes: git printed something else than changes")

// objectID is the id of an object.
var objectID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// parseDiff reads what "git diff-index --raw -z --no-renames --no-abbrev" prints: what
// differs, and the submodules of which only the commit does.
func parseDiff(out string) (list []revision.Change, submodules []string, err error) {
	entries := fields(out)
	for pair := range slices.Chunk(entries, 2) {
		// :mode mode object object status
		meta := strings.Fields(strings.TrimPrefix(pair[0], ":"))
		if len(pair) != 2 || len(meta) != 5 || !objectID.MatchString(meta[2]) {
			return nil, nil, errPrinted
		}
		before, errBefore := strconv.ParseUint(meta[0], 8, 32)
		after, errAfter := strconv.ParseUint(meta[1], 8, 32)
		if errBefore != nil || errAfter != nil {
			return nil, nil, errPrinted
		}
		c := revision.Change{Name: pair[1]}
		switch before & gitTypeMask {
		case 0:
			if meta[4] == "U" { // a conflict, which the work tree holds
				continue
			}
		case gitLink:
			// What is in a submodule is not in this repository.
			if after&gitTypeMask == gitLink {
				submodules = append(submodules, pair[1])
				continue
			}
		case gitSymlink:
			c.Object, c.Link = meta[2], true
		default:
			c.Object = meta[2]
		}
		list = append(list, c)
	}
	return list, submodules, nil
}
