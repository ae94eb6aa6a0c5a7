package explain_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/truth"
)

var update = flag.Bool("update", false, "rewrite the expected transcripts")

// TestTranscripts explains the path that each rule's sample stops.
func TestTranscripts(t *testing.T) {
	rules := analysis.BuiltIn(analysis.Selection{})
	reported := make(map[string]bool)
	for _, id := range analysis.BuiltInIDs() {
		a := analyse(t, rules, filepath.Join(projects, "rules", id, "fires"))
		var list []*explain.Explanation
		for _, p := range a.index.Paths(explain.Question{}) {
			if p.Status == truth.Blocked {
				list = append(list, a.index.Of(p))
			}
		}
		if len(list) == 0 {
			continue
		}
		var got bytes.Buffer
		for _, e := range list {
			for _, c := range e.Changes {
				reported[c.Rule] = true
			}
			var one bytes.Buffer
			if err := explain.WriteText(&one, []*explain.Explanation{e}, explain.Writing{Display: filepath.ToSlash}); err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(one.String(), "\n"); lines > 25 {
				t.Errorf("%s: %d lines for one path", id, lines)
			}
			got.Write(one.Bytes())
		}
		name := filepath.Join("testdata", "blocked", id+".txt")
		if *update {
			if err := os.WriteFile(name, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
	// Rules that speak of hops, but whose samples show other cases of them.
	for _, c := range explain.Codes() {
		for _, id := range c.Rules {
			if _, err := os.Stat(filepath.Join("testdata", "blocked", id+".txt")); err == nil && !reported[id] && !*update {
				t.Errorf("%s is not what explains its own sample", id)
			}
		}
	}
}
