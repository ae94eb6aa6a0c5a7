package architecture

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var (
	// readmeRow matches a row of the README's rule table: id, page, severity.
	readmeRow = regexp.MustCompile("(?m)^\\| \\[`([a-z0-9-]+)`\\]\\(([^)]+)\\) \\| ([a-z]+) \\|")
	// metadataSeverity matches the default severity in a rule's METADATA.
	metadataSeverity = regexp.MustCompile(`(?m)^#\s+severity: ([a-z]+)$`)
)

// TestReadmeListsTheRules keeps the README's table, which people choose the tool
// by, equal to the rules that are there.
func TestReadmeListsTheRules(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	for _, row := range readmeRow.FindAllSubmatch(readme, -1) {
		id, page, severity := string(row[1]), string(row[2]), string(row[3])
		listed[id] = severity
		if want := "docs/rules/" + id + ".md"; page != want {
			t.Errorf("README.md: %s links to %s, want %s", id, page, want)
		}
		if _, err := os.Stat(filepath.Join(root, page)); err != nil {
			t.Errorf("README.md: %s has no page: %v", id, err)
		}
	}
	rules, err := filepath.Glob(filepath.Join(root, "policies", "rules", "*", "*", "rule.rego"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) == 0 {
		t.Fatal("policies/rules holds no rule")
	}
	for _, name := range rules {
		id := filepath.Base(filepath.Dir(name))
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		match := metadataSeverity.FindSubmatch(text)
		if match == nil {
			t.Errorf("%s: METADATA names no severity", id)
			continue
		}
		if severity := string(match[1]); listed[id] != severity {
			t.Errorf("README.md: severity of %s is %q, METADATA says %q", id, listed[id], severity)
		}
		delete(listed, id)
	}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		t.Errorf("README.md: lists %s, which is not a rule", id)
	}
}
