package source

import (
	"fmt"
	"slices"
)

// tracked returns the tracked files of the work tree that holds a name. Why they are
// not known is told once.
func (w *walker) tracked(name string) []string {
	for _, g := range slices.Backward(w.tree.git) { // the inner of two comes last
		if !contains(g.dir, name) {
			continue
		}
		names, err := g.tracked()
		if err != nil {
			w.untold = append(w.untold, Diagnostic{
				Kind: TrackedIgnored, Range: Range{File: g.dir},
				Message: fmt.Sprintf("read what git tracks: %v; what .gitignore matches is left out, tracked or not", err),
			})
		}
		return names
	}
	return nil
}

// tracks reports whether git tracks something that is ignored: a file, or a file in a
// directory. It is given without symlinks and as the symlink that it may be.
func (w *walker) tracks(real, link string) bool {
	names := w.tracked(real)
	for _, name := range []string{real, link} {
		if _, ok := slices.BinarySearch(names, name); ok {
			return true
		}
	}
	return len(under(names, real)) > 0
}

// skip leaves out a directory that is never walked into.
func (w *walker) skip(name, real string) {
	n := 0
	for _, file := range under(w.tracked(real), real) {
		if _, ok := KindOf(file); ok && !w.excluded(file) {
			n++
		}
	}
	if n > 0 {
		w.trackedSkipped = append(w.trackedSkipped, name)
		w.skippedFiles += n
	}
}

// notes tells once of all tracked files that are read or left out against what one may
// expect, at the place of the first.
func (w *walker) notes() {
	// The same is true of all that was ignored.
	slices.SortFunc(w.untold, Diagnostic.Compare)
	w.diagnostics = append(w.diagnostics, slices.CompactFunc(w.untold, func(a, b Diagnostic) bool { return a == b })...)
	if names := w.trackedIgnored; len(names) > 0 {
		slices.Sort(names)
		more := ""
		if n := len(slices.Compact(names)); n > 1 {
			more = fmt.Sprintf(", and so it does %s", counted(n-1, "more file", "more files"))
		}
		w.report(TrackedIgnored, names[0], "read file: git tracks it although .gitignore matches it%s", more)
	}
	if dirs := w.trackedSkipped; len(dirs) > 0 {
		slices.Sort(dirs)
		more := ""
		if n := len(slices.Compact(dirs)); n > 1 {
			more = " and in " + counted(n-1, "more such directory", "more such directories")
		}
		w.report(TrackedSkipped, dirs[0], "leave out directory: git tracks %s there%s", counted(w.skippedFiles, "file", "files"), more)
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
