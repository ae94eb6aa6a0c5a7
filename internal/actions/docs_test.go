package actions_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// The page for GitHub lists what action.yml has, no more and no less.
func TestActionIsDocumented(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci", "github.md"))
	if err != nil {
		t.Fatal(err)
	}
	a := readAction(t)
	for heading, want := range map[string][]string{
		"Inputs":  slices.Sorted(maps.Keys(a.Inputs)),
		"Outputs": slices.Sorted(maps.Keys(a.Outputs)),
	} {
		section := regexp.MustCompile(`(?s)\n## ` + heading + `\n(.*?)\n## `).FindSubmatch(data)
		if section == nil {
			t.Fatalf("docs/ci/github.md has no section %s", heading)
		}
		var got []string
		for _, cell := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllSubmatch(section[1], -1) {
			for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllSubmatch(cell[1], -1) {
				got = append(got, string(name[1]))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("docs/ci/github.md: %s are %q, want %q as in action.yml", heading, got, want)
		}
	}
}
