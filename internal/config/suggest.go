package config

import (
	"strings"

	"github.com/egresslint/egresslint/parser/nearest"
)

// DidYouMean returns the end of an error message about an unknown word: a
// suggestion if a known word is near, else the known words.
func DidYouMean(word string, known []string) string {
	if best := nearest.To(word, known); best != "" {
		return `, did you mean "` + best + `"?`
	}
	return ", want one of " + strings.Join(known, ", ")
}
