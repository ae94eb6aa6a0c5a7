package config

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Suggest returns the known word that word was most likely meant to be, or ""
// when none is near. Of equally near words the first wins.
func Suggest(word string, known []string) string {
	best, distance := "", 0
	lower := strings.ToLower(word)
	for _, k := range known {
		d := levenshtein.ComputeDistance(lower, strings.ToLower(k))
		// A third of the letters may differ: more, and a suggestion misleads.
		if d > max(1, len([]rune(k))/3) {
			continue
		}
		if best == "" || d < distance {
			best, distance = k, d
		}
	}
	return best
}

// DidYouMean returns the end of an error message about an unknown word: a
// suggestion if a known word is near, else the known words.
func DidYouMean(word string, known []string) string {
	if best := Suggest(word, known); best != "" {
		return `, did you mean "` + best + `"?`
	}
	return ", want one of " + strings.Join(known, ", ")
}
