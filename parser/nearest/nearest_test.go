package nearest_test

import (
	"testing"

	"github.com/egresslint/egresslint/parser/nearest"
)

func TestTo(t *testing.T) {
	rules := []string{"snat-missing", "acl-blocks", "dns-blocked"}
	for word, want := range map[string]string{
		"snat-mising":  "snat-missing",
		"SNAT-MISSING": "snat-missing",
		"snat":         "",
		"dns":          "",
		"":             "",
	} {
		if got := nearest.To(word, rules); got != want {
			t.Errorf("To(%q) = %q, want %q", word, got, want)
		}
	}
}
