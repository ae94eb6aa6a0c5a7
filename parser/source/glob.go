package source

import (
	"errors"
	"fmt"
	"path"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// maxGlobLength is how many bytes a glob may have.
	maxGlobLength = 4096
	// maxGlobChoices is how many globs without alternatives a glob may stand for:
	// each is tried.
	maxGlobChoices = 1000
)

// CheckGlob returns an error for a glob that is malformed, and for one whose
// alternatives in braces stand for so many globs that matching it takes long.
func CheckGlob(glob string) error {
	switch {
	case len(glob) > maxGlobLength:
		return fmt.Errorf("it is longer than %d bytes", maxGlobLength)
	case globChoices(glob) > maxGlobChoices:
		return fmt.Errorf("its alternatives stand for more than %d patterns", maxGlobChoices)
	case !doublestar.ValidatePattern(glob):
		return errors.New("it is not a valid pattern")
	default:
		return nil
	}
}

// MatchGlob reports whether a glob in the syntax of [doublestar.Match] matches a name.
// One that [CheckGlob] rejects matches nothing.
func MatchGlob(glob, name string) bool {
	if len(glob) > maxGlobLength || globChoices(glob) > maxGlobChoices {
		return false
	}
	ok, err := doublestar.Match(glob, name)
	return err == nil && ok
}

// MatchGlobAbove reports whether a glob matches a name of the tree, or that of a
// directory that holds it.
func MatchGlobAbove(glob, name string) bool {
	return matchAbove(name, func(name string) bool { return MatchGlob(glob, name) })
}

func matchAbove(name string, match func(name string) bool) bool {
	for ; name != "." && name != "/" && name != ""; name = path.Dir(name) {
		if match(name) {
			return true
		}
	}
	return false
}

// maxTrials is what matching globs with names may cost in a walk, or in what else asks for
// many of them: a few seconds, and more than the ignore files and the excludes of large
// repositories need.
const maxTrials = 20_000_000

// Trials matches globs with names until that has cost maxTrials. The zero Trials has cost
// nothing.
type Trials struct{ spent int }

// Over reports whether nothing is matched any more.
func (t *Trials) Over() bool { return t.spent > maxTrials && guard.On(guard.GlobBudgets) }

// Match is [MatchGlob]; nothing matches when t is over.
func (t *Trials) Match(glob, name string) bool {
	if t.Over() {
		return false
	}
	choices := globChoices(glob)
	if choices > 1 {
		choices *= 4 // each is put together before it is tried
	}
	return t.take(choices, glob, name) && MatchGlob(glob, name)
}

// MatchAbove is [MatchGlobAbove]; nothing matches when t is over.
func (t *Trials) MatchAbove(glob, name string) bool {
	return matchAbove(name, func(name string) bool { return t.Match(glob, name) })
}

// Take takes what n comparisons cost that are no matching of globs, and reports whether
// they may be made.
func (t *Trials) Take(n int) bool {
	t.spent += n
	return !t.Over()
}

// take takes what it costs to try some globs as long as glob with a name.
func (t *Trials) take(globs int, glob, name string) bool {
	return t.Take(globs * (1 + len(glob)*len(name)/4096))
}

// globChoices is how many globs without alternatives a glob stands for, at most a
// little above maxGlobChoices. What stands in a character class counts too.
func globChoices(glob string) int {
	type group struct{ before, sum int }
	var open []group
	product := 1
	for i := 0; i < len(glob); i++ {
		top := len(open) - 1
		switch c := glob[i]; {
		case c == '\\':
			i++
		case c == '{':
			open = append(open, group{before: product})
			product = 1
		case c == ',' && top >= 0:
			open[top].sum = min(open[top].sum+product, maxGlobChoices+1)
			product = 1
		case c == '}' && top >= 0:
			product = min(open[top].before*(open[top].sum+product), maxGlobChoices+1)
			open = open[:top]
		}
	}
	for _, g := range open { // never closed, as in a character class
		product = min(g.before*(g.sum+product), maxGlobChoices+1)
	}
	return product
}
