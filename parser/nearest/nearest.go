// Package nearest finds what a misspelled word was meant to be.
package nearest

import (
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// To returns the known word that word was most likely meant to be, or "" when none is
// near. Of equally near words the first wins.
func To(word string, known []string) string {
	best, distance := "", 0
	lower := strings.ToLower(word)
	length := utf8.RuneCountInString(lower)
	for _, k := range known {
		// A third of the letters may differ: more, and a suggestion misleads.
		letters := utf8.RuneCountInString(k)
		limit := max(1, letters/3)
		if length > letters+limit { // nor is a whole file compared
			continue
		}
		if d := levenshtein.ComputeDistance(lower, strings.ToLower(k)); d <= limit && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}
