package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

// GitHub shows ten annotations of a level: none of the rules may be left out for
// another's sake.
func TestGitHubLimits(t *testing.T) {
	r := &report.Report{}
	for i := range 25 {
		r.Findings = append(r.Findings, &finding.Finding{
			Rule: "many", Severity: finding.Error, Message: fmt.Sprintf("finding %d", i),
			Range: source.Range{File: "main.tf", Start: source.Pos{Line: i + 1, Column: 1}},
		})
	}
	r.Findings = append(r.Findings, &finding.Finding{
		Rule: "one", Severity: finding.Error, Message: "100%\n::warning::no command",
		Range: source.Range{File: "a,b:c.tf", Start: source.Pos{Line: 1, Column: 1}},
	})
	out := string(write(t, "github", r, report.Options{}))
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 11 || !strings.HasPrefix(lines[10], "16 more are not shown") {
		t.Errorf("got %d lines:\n%s", len(lines), out)
	}
	if want := "::error col=1,file=a%2Cb%3Ac.tf,line=1,title=egresslint%3A one::100%25"; !strings.HasPrefix(lines[1], want) {
		t.Errorf("got  %s\nwant %s…", lines[1], want)
	}
}

// Of every level ten are shown, the worst level first, and each rule comes up before
// another one has its second.
func TestGitHubOrder(t *testing.T) {
	r := &report.Report{}
	for _, severity := range []finding.Severity{finding.Note, finding.Warning, finding.Error} {
		for i := range 12 {
			for _, rule := range []string{"a", "b", "c"} {
				r.Findings = append(r.Findings, &finding.Finding{
					Rule: rule, Severity: severity, Message: "m", Range: span(rule+".tf", i+1, 1, 2),
				})
			}
		}
	}
	r.Diagnostics = []source.Diagnostic{{Kind: source.ParseError, Range: span("d.tf", 1, 1, 2), Message: "m"}}
	var got []string
	lines := strings.Split(strings.TrimSuffix(string(write(t, "github", r, report.Options{})), "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		level, rest, _ := strings.Cut(strings.TrimPrefix(line, "::"), " ")
		_, title, _ := strings.Cut(rest, "title=egresslint%3A ")
		title, _, _ = strings.Cut(title, "::")
		got = append(got, level+" "+title)
	}
	round := func(level string, titles ...string) (list []string) {
		for _, title := range titles {
			list = append(list, level+" "+title)
		}
		return list
	}
	want := slices.Concat(
		round("error", "a", "b", "c", "parse-error", "a", "b", "c", "a", "b", "c"),
		round("warning", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"),
		round("notice", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"),
	)
	// The diagnostic is among the first of the errors, in whichever place.
	slices.Sort(got[:4])
	slices.Sort(want[:4])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotations differ (-want +got):\n%s", diff)
	}
	if want := "79 more are not shown as annotations: GitHub shows 10 of each level."; lines[len(lines)-1] != want {
		t.Errorf("the last line is %q, want %q", lines[len(lines)-1], want)
	}
}

// What a pull request writes into names and messages stays in its annotation.
func TestGitHubHostile(t *testing.T) {
	for _, s := range []string{
		"::error::x", "\n::error::x", "\r\n::add-mask::x", "%0A::error::x", "%0D%0A", "\x1b[31mred", "##[error]x", "a,line=9", "a::b", "\u2028::error::x", "\u202e",
	} {
		r := &report.Report{Findings: []*finding.Finding{{Rule: "r", Severity: finding.Error, Message: s, Remedy: s, Range: span("d/"+s, 7, 1, 2)}}}
		out := string(write(t, "github", r, report.Options{}))
		line := strings.TrimSuffix(out, "\n")
		if !workflowCommand.MatchString(line) || strings.ContainsAny(line, "\x1b\u202e\u2028") || strings.Contains(line, "##[") {
			t.Errorf("%q becomes %q", s, out)
		}
		// The runner reads properties up to the first "::" and takes escapes back.
		properties, message, _ := strings.Cut(strings.TrimPrefix(line, "::error "), "::")
		unescape := strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
		fields := make(map[string]string)
		for _, property := range strings.Split(properties, ",") {
			name, value, _ := strings.Cut(property, "=")
			fields[name] = unescape.Replace(value)
		}
		if fields["file"] != report.Visible("d/"+s) || fields["line"] != "7" {
			t.Errorf("%q: the runner reads the file %q and the line %q", s, fields["file"], fields["line"])
		}
		if want := fmt.Sprintf("%s\n%[1]s\n", report.Visible(s)); unescape.Replace(message) != want {
			t.Errorf("%q: the runner reads the message %q, want %q", s, unescape.Replace(message), want)
		}
	}
}

// An annotation stands at a file of the pull request, not at a symlink to it.
func TestGitHubResolvesSymlinks(t *testing.T) {
	r := fixture()
	r.Resolve = func(name string) string { return strings.Replace(name, "envs/", "live/", 1) }
	out := string(write(t, "github", r, report.Options{}))
	if strings.Contains(out, "file=envs/") || !strings.Contains(out, "file=live/staging/main.tf,") {
		t.Errorf("got:\n%s", out)
	}
}
