package architecture

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/report"
)

// TestFormatsPage keeps docs/output-formats.md equal to the formats: its table and
// its sections have all, and its examples are in the golden files.
func TestFormatsPage(t *testing.T) {
	p := readPage(t, "docs/output-formats.md")
	var got []string
	for _, cells := range rows(p.section(t, "Output formats")) {
		got = append(got, codeIn(cells[0])...)
	}
	if want := report.Formats(); !sameSet(got, want) {
		t.Errorf("the page has the formats %q, the code %q", got, want)
	}
	names, err := fs.Glob(repositoryRoot(), "testdata/golden/report*")
	if err != nil || len(names) == 0 {
		t.Fatalf("found no golden files: %v", err)
	}
	var golden []string
	for _, name := range names {
		golden = append(golden, readPage(t, name).text)
	}
	for _, format := range report.Formats() {
		p.section(t, format)
	}
	examples := 0
	for _, language := range []string{"text", "json", "xml", "markdown", "mermaid"} {
		for _, block := range p.blocks(language) {
			examples++
			if !slices.ContainsFunc(golden, func(text string) bool { return strings.Contains(text, block) }) {
				t.Errorf("no golden file has the example\n%s", block)
			}
		}
	}
	if examples < len(report.Formats()) {
		t.Errorf("%d examples for %d formats", examples, len(report.Formats()))
	}
}
