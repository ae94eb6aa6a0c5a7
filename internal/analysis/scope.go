package analysis

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// LintsAll reports whether the paths name all that the configuration is about, or all of
// the tree if there is none.
func (s Session) LintsAll() bool {
	dir := path.Dir(s.settings.Config.File)
	return len(s.settings.Config.Paths) > 0 && slices.Equal(s.settings.Paths, s.settings.Config.Paths) ||
		slices.ContainsFunc(s.settings.Paths, func(p string) bool {
			return p == "." || p == dir || strings.HasPrefix(dir, p+"/")
		})
}

// Names reports whether the paths name a file, or a folder above it.
func (s Session) Names(file string) bool {
	return slices.ContainsFunc(s.settings.Paths, func(p string) bool {
		return p == "." || p == file || strings.HasPrefix(file, p+"/")
	})
}

// Scope tells which files a session is about, as long as that does not take too much.
type Scope struct {
	session Session
	trials  source.Trials
}

// Scope returns the files that the session is about.
func (s Session) Scope() *Scope { return &Scope{session: s} }

// Covers reports whether what is found in a file is for the session to say: the paths
// name it, and it is not left out.
func (s *Scope) Covers(file string) bool {
	if !fs.ValidPath(file) {
		return s.session.Names(file) // of a baseline that somebody wrote: no file has the name
	}
	return slices.Contains(s.session.settings.Paths, file) || s.session.Names(file) &&
		!slices.ContainsFunc(s.session.parser.Exclude, func(glob string) bool { return s.trials.MatchAbove(glob, file) })
}

// Excludes reports whether files are left out.
func (s Session) Excludes() bool { return len(s.parser.Exclude) > 0 }

// fixed returns a notice for each entry of the baseline whose finding is gone: of rules
// that ran, and if the session is over all that the baseline is about.
func (s Session) fixed(r *Result) []source.Diagnostic {
	base := s.settings.Baseline
	if base == nil {
		return nil
	}
	for _, e := range base.Entries {
		if !s.LintsAll() && !s.Names(e.File) {
			return nil
		}
	}
	var out []source.Diagnostic
	scope := s.Scope()
	for _, e := range r.Baseline.Left() {
		if !slices.Contains(r.Ran, e.Rule) || !scope.Covers(e.File) {
			continue
		}
		times := ""
		if e.Count > 1 {
			times = fmt.Sprintf(" (%d times)", e.Count)
		}
		out = append(out, source.Diagnostic{
			Kind: source.BaselineFixed, Range: e.At,
			Message: fmt.Sprintf("keep %s of %s in %s%s: it is fixed; 'egresslint baseline update' removes it", e.Rule, cmp.Or(e.Address, "the file"), e.File, times),
		})
	}
	return out
}
