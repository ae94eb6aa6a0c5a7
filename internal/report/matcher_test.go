package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The problem matcher finds in the text format what annotations would show: errors
// and warnings, the two levels that a matcher has.
func TestProblemMatcher(t *testing.T) {
	var file struct {
		ProblemMatcher []struct {
			Owner   string
			Pattern []struct {
				Regexp                                      string
				File, Line, Column, Severity, Message, Code int
			}
		}
	}
	if err := json.Unmarshal(readFile(t, filepath.Join("..", "..", ".github", "egresslint-matcher.json")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.ProblemMatcher) != 1 || len(file.ProblemMatcher[0].Pattern) != 1 {
		t.Fatalf("want one matcher with one pattern, got %+v", file)
	}
	p := file.ProblemMatcher[0].Pattern[0]
	pattern := regexp.MustCompile(p.Regexp)

	type match struct {
		file                    string
		line, column            int
		severity, message, code string
	}
	r := fixture()
	r.Display = nil
	// Source lines and messages that look like the first line of a finding.
	r.Lines = func(string, int, int) []string { return []string{"a.tf:1:1: error: fake [rule]"} }
	r.Findings = append(r.Findings, &finding.Finding{
		Rule: "snat-missing", Severity: finding.Error, Range: span("z.tf", 123_456, 1, 2), Message: "a: error: b [c]", Remedy: "b.tf:1:1: error: fake [rule]",
		Related: []finding.Related{{Range: span("c.tf", 1, 1, 2), Message: "error: fake [rule]"}},
	})
	var want []match
	add := func(place source.Range, severity finding.Severity, message, code string) {
		if severity == finding.Note {
			return
		}
		m := match{place.File, place.Start.Line, place.Start.Column, severity.String(), message, code}
		if m.file == "" {
			m.file = "egresslint"
		}
		want = append(want, m)
	}
	for _, f := range r.Findings {
		add(f.Range, f.Severity, f.Message, f.Rule)
	}
	for _, i := range []int{3, 2, 1} { // in the order of the report
		d := r.Diagnostics[i]
		add(d.Range, finding.Error, d.Message, string(d.Kind))
	}
	for _, color := range []bool{false, true} {
		var got []match
		for line := range strings.Lines(string(write(t, "text", r, report.Options{Color: color}))) {
			m := pattern.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			if m == nil {
				continue
			}
			number := func(s string) int {
				n, _ := strconv.Atoi(s) // nothing for a whole file
				return n
			}
			got = append(got, match{m[p.File], number(m[p.Line]), number(m[p.Column]), m[p.Severity], m[p.Message], m[p.Code]})
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(match{})); diff != "" {
			t.Errorf("colour %t: matches differ (-want +got):\n%s", color, diff)
		}
	}
}
