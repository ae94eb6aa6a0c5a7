package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const golden = "../../testdata/golden"

// tester is a test, or one round of a property test.
type tester interface {
	Helper()
	Fatal(args ...any)
}

func write(t tester, format string, r *report.Report, opts report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, r, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		file, format string
		opts         report.Options
	}{
		{"report.txt", "text", report.Options{}},
		{"report-color.txt", "text", report.Options{Color: true}},
		{"report-quiet.txt", "text", report.Options{Quiet: true}},
		{"report.json", "json", report.Options{}},
		{"report.sarif", "sarif", report.Options{}},
		{"report-suppressed.sarif", "sarif", report.Options{SARIFSuppressed: true}},
		{"report.github", "github", report.Options{}},
		{"report.md", "markdown", report.Options{}},
		{"report-junit.xml", "junit", report.Options{}},
		{"report-gitlab.json", "gitlab", report.Options{}},
		{"report-checkstyle.xml", "checkstyle", report.Options{}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got := write(t, tt.format, fixture(), tt.opts)
			name := filepath.Join(golden, tt.file)
			if *update {
				if err := os.WriteFile(name, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("output differs from %s (-want +got); if that is right, run with -update:\n%s", name, diff)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	for _, f := range report.Formats() {
		if out := write(t, f, &report.Report{}, report.Options{}); len(out) == 0 {
			t.Errorf("%s: an empty report has no output", f)
		}
	}
	if err := report.Write(&bytes.Buffer{}, "xml", fixture(), report.Options{}); err == nil {
		t.Error("an unknown format is accepted")
	}
}

// failing is a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteError(t *testing.T) {
	for _, f := range report.Formats() {
		if err := report.Write(failing{}, f, fixture(), report.Options{}); err == nil {
			t.Errorf("%s: a failed write goes unnoticed", f)
		}
	}
}

func compile(t testing.TB, file string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, doc []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestSchemas(t *testing.T) {
	compared := fixture()
	compared.Comparison = &report.Comparison{Ref: "origin/main", Commit: strings.Repeat("0f", 20), Unchanged: 1}
	compared.Suppressed[0].Suppression = &finding.Suppression{Kind: finding.Unchanged}
	for format, file := range map[string]string{
		"json": "schema.json", "sarif": "testdata/sarif-schema-2.1.0.json", "gitlab": "testdata/gitlab-code-quality.json",
	} {
		s := compile(t, file)
		for name, r := range map[string]*report.Report{"fixture": fixture(), "empty": {}, "compared": compared} {
			for _, opts := range []report.Options{{}, {SARIFSuppressed: true}} {
				if err := validate(s, write(t, format, r, opts)); err != nil {
					t.Errorf("%s of the %s report with %+v: %v", format, name, opts, err)
				}
			}
		}
	}
}

// The schema of the json format leaves no field undescribed.
func TestJSONSchemaIsStrict(t *testing.T) {
	s := compile(t, "schema.json")
	doc := write(t, "json", fixture(), report.Options{})
	for _, change := range []struct{ from, to string }{
		{`"severity": "error"`, `"severity": "fatal"`},
		{`"address":`, `"adress":`},
		{`"startLine": 3`, `"startLine": 0`},
		{`"kind": "Report"`, `"kind": "Rapport"`},
	} {
		bad := bytes.Replace(doc, []byte(change.from), []byte(change.to), 1)
		if bytes.Equal(bad, doc) {
			t.Fatalf("%s is not in the document", change.from)
		}
		if validate(s, bad) == nil {
			t.Errorf("schema accepts %s", change.to)
		}
	}
}

// hostile are names and texts as a pull request could bring them.
var hostile = rapid.OneOf(
	rapid.SampledFrom([]string{
		"\x1b[2J\x1b]0;title\x07", "a\n::error::x", "::add-mask::x", " ::warning::x", "##[error]x", "a\r\n", "\u202egnp", "\u009b31m",
		"[link](http://example.org)", "[x](1)", "a|b`<script>", "\xff\xfe", "\U000e0041", "${{ github.token }}", "a\tb", "{0}", "\u2028",
	}),
	rapid.String(),
)

func TestHostileInput(t *testing.T) {
	sarifSchema, jsonSchema := compile(t, "testdata/sarif-schema-2.1.0.json"), compile(t, "schema.json")
	var shown int
	rapid.Check(t, func(t *rapid.T) {
		s := func(label string) string { return hostile.Draw(t, label) }
		file := "d/" + s("file")
		if rapid.Bool().Draw(t, "top") {
			file = s("top file") + ".tf"
		}
		line := strings.ReplaceAll(s("source line"), "\x00", "") // lines of binaries are not shown
		r := &report.Report{
			Rules: rules,
			Findings: []*finding.Finding{{
				Rule: "snat-missing", Severity: finding.Error, Range: span(file, 1, 1, 1+len([]rune(line))), Address: s("address"),
				Message: s("message"), Remedy: "r" + s("remedy"), Key: []string{s("key")},
				Related: []finding.Related{{Range: span(file, 2, 1, 2), Message: s("related")}}, Instances: []string{s("instance")}, Variants: []string{s("variant")},
				From: []string{s("from")},
			}},
			Diagnostics: []source.Diagnostic{{Kind: source.ParseError, Range: span(file, 1, 1, 1), Message: s("diagnostic")}},
			Lines:       func(string, int, int) []string { return []string{line} },
			Summary: report.Summary{
				Clusters: 1,
				Unknowns: []report.UnknownGroup{{Reason: s("reason"), Subjects: []string{s("subject")}}},
				Bindings: []report.Binding{{Manifests: s("manifests"), Cluster: s("cluster"), Hint: s("hint")}},
			},
		}
		text := string(write(t, "text", r, report.Options{}))
		for i, l := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "::") || strings.Contains(l, "##[") {
				t.Fatalf("line %d is an order to GitHub: %q", i+1, l)
			}
			for _, c := range l {
				if unicode.IsControl(c) || c == '\u202e' {
					t.Fatalf("line %d holds %U: %q", i+1, c, l)
				}
			}
		}
		if n := strings.Count(text, "\n"); shown == 0 {
			shown = n
		} else if n != shown {
			t.Fatalf("text has %d lines, others have %d:\n%s", n, shown, text)
		}
		for format, schema := range map[string]*jsonschema.Schema{"json": jsonSchema, "sarif": sarifSchema} {
			doc := write(t, format, r, report.Options{})
			if err := validate(schema, doc); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if i := bytes.IndexFunc(doc, func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || c == '\u202e') }); i >= 0 {
				t.Fatalf("%s holds a control character: %q", format, doc[max(0, i-20):i+1])
			}
		}
		var back struct{ Findings []struct{ Message string } }
		if err := json.Unmarshal(write(t, "json", r, report.Options{}), &back); err != nil {
			t.Fatal(err)
		}
		if want := r.Findings[0].Message; utf8.ValidString(want) && back.Findings[0].Message != want {
			t.Fatalf("json changes the message %q to %q", want, back.Findings[0].Message)
		}
	})
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, tt := range map[string]struct {
		line       string
		start, end int
		want       []string
	}{
		"in a line":      {`a = "b"`, 5, 8, []string{`a = "b"`, `    ^~~`}},
		"tab":            {"\ta = 1", 6, 7, []string{"    a = 1", "        ^"}},
		"wide letters":   {`名 = "字"`, 5, 8, []string{`名 = "字"`, `     ^~~~`}},
		"to its end":     {"a = 1  ", 1, 0, []string{"a = 1  ", "^~~~~"}},
		"behind its end": {"a", 9, 12, []string{"a", " ^"}},
		"CRLF":           {"a = 1\r", 5, 6, []string{"a = 1", "    ^"}},
		"escapes":        {"a\x1b[0m = 1", 9, 10, []string{`a\x1b[0m = 1`, `           ^`}},
		"long":           {long + "é" + long, 301, 302, []string{"…" + strings.Repeat("x", 40) + "é" + strings.Repeat("x", 79) + "…", strings.Repeat(" ", 41) + "^"}},
		"long value":     {long, 1, 0, []string{strings.Repeat("x", 120) + "…", "^" + strings.Repeat("~", 119)}},
	} {
		t.Run(name, func(t *testing.T) {
			place := span("a.tf", 7, tt.start, tt.end)
			if tt.end == 0 {
				place.End = source.Pos{Line: 9, Column: 2}
			}
			r := &report.Report{
				Findings: []*finding.Finding{{Rule: "r", Severity: finding.Error, Range: place, Message: "m"}},
				Lines:    func(string, int, int) []string { return []string{tt.line} },
			}
			got := strings.Split(string(write(t, "text", r, report.Options{Quiet: true})), "\n")[1:3]
			want := []string{"    7 | " + tt.want[0], "      | " + tt.want[1]}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// The mistakes that follow from the first in a broken file do not drown the rest.
func TestTextManyDiagnostics(t *testing.T) {
	r := &report.Report{Diagnostics: []source.Diagnostic{{Kind: source.ParseError, Range: span("z.tf", 1, 1, 2), Message: "the other file"}}}
	for i := range 300 {
		r.Diagnostics = append(r.Diagnostics, source.Diagnostic{
			Kind: source.ParseError, Range: span("a.tf", 1, i+1, i+2), Message: fmt.Sprintf("bad character %d", i),
		})
		r.Diagnostics = append(r.Diagnostics, source.Diagnostic{Kind: source.Unread, Range: span("a.tf", 1, i+1, i+2), Message: "not shown"})
	}
	out := string(write(t, "text", r, report.Options{}))
	if n := strings.Count(out, "bad character"); n != 10 {
		t.Errorf("%d diagnostics of one file are shown", n)
	}
	for _, want := range []string{"a.tf: error: … and 290 more in this file", "the other file", "301 places could not be analysed"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// What is wrong in the same way all over a file is told once.
func TestTextRepeatedDiagnostics(t *testing.T) {
	r := &report.Report{}
	for i := range 28 {
		r.Diagnostics = append(r.Diagnostics,
			source.Diagnostic{Kind: source.EvaluationError, Range: span("a.tf", i+1, 1, 2), Message: "read a: no such thing"},
			source.Diagnostic{Kind: source.EvaluationError, Range: span("b.tf", i+1, 1, 2), Message: "read a: no such thing"})
	}
	r.Diagnostics = append(r.Diagnostics, source.Diagnostic{Kind: source.EvaluationError, Range: span("a.tf", 40, 1, 2), Message: "another"})
	out := string(write(t, "text", r, report.Options{Quiet: true}))
	want := "" +
		"a.tf:1:1: error: read a: no such thing (and 27 more like it) [evaluation-error]\n\n" +
		"a.tf:40:1: error: another [evaluation-error]\n\n" +
		"b.tf:1:1: error: read a: no such thing (and 27 more like it) [evaluation-error]\n\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// Notices are neither warnings nor findings, and nobody who asks for findings
// alone gets them.
func TestTextNotices(t *testing.T) {
	r := &report.Report{
		Diagnostics: []source.Diagnostic{
			{Kind: source.InvalidObject, Range: span("a.yaml", 1, 1, 2), Message: "key is there twice"},
			{Kind: source.DuplicateObject, Range: span("a.yaml", 2, 1, 2), Message: "object again"},
			{Kind: source.DuplicateObject, Range: span("a.yaml", 3, 1, 2), Message: "object again and again"},
			{Kind: source.EmptyFile, Range: source.Range{File: "b.tf"}, Message: "file is empty"},
		},
		Summary: report.Summary{Workloads: 1},
	}
	const (
		invalid    = "a.yaml:1:1: notice: key is there twice [invalid-object]"
		duplicate  = "a.yaml:2:1: notice: object again [duplicate-object]"
		empty      = "b.tf: notice: file is empty [empty-file]"
		duplicates = "2 objects are in the files twice (--verbose lists them)."
	)
	all := []string{"warning", invalid, duplicate, empty, duplicates, "1 notice,", "4 notices,", "No findings."}
	for name, tt := range map[string]struct {
		opts report.Options
		want []string
	}{
		"default": {report.Options{}, []string{invalid, duplicates, "1 notice,", "No findings."}},
		"verbose": {report.Options{Verbose: true}, []string{invalid, duplicate, empty, "4 notices,", "No findings."}},
		"hidden":  {report.Options{HideNotices: true}, []string{duplicates, "No findings."}},
		"quiet":   {report.Options{Quiet: true}, nil},
	} {
		out := string(write(t, "text", r, tt.opts))
		for _, part := range all {
			if got, want := strings.Contains(out, part), slices.Contains(tt.want, part); got != want {
				t.Errorf("%s: %q is there: %t, want %t:\n%s", name, part, got, want, out)
			}
		}
	}
}

// A repository that was not understood is not one without a problem.
func TestTextNothingJudged(t *testing.T) {
	const nothing, none = "Nothing to judge: no workload, no cluster and nothing with a whitelist is in the files.", "No findings."
	for _, tt := range []struct {
		summary report.Summary
		want    string
	}{
		{report.Summary{Objects: 3, Resources: 2}, nothing},
		{report.Summary{Targets: 1}, none},
		{report.Summary{Workloads: 1}, none},
		{report.Summary{Clusters: 1}, none},
	} {
		out := string(write(t, "text", &report.Report{Summary: tt.summary}, report.Options{}))
		if !strings.HasSuffix(out, "\n"+tt.want+"\n") {
			t.Errorf("%+v: the last line is not %q:\n%s", tt.summary, tt.want, out)
		}
	}
}

func TestSummarize(t *testing.T) {
	parsed := &parser.Result{
		Files:   parser.Files{YAML: 2},
		Objects: []*kubernetes.Object{{}, {}},
		Roots:   []*terraform.Root{{Resources: []*terraform.Resource{{}, {}}}, {Resources: []*terraform.Resource{{}}}},
	}
	m := &model.Model{
		Clusters:     []*model.Cluster{{ID: "c1", Name: "shop"}},
		Workloads:    []*model.Workload{{}},
		Requirements: []*model.Requirement{{}, {}},
		Unknowns: []model.Unknown{
			{Subject: "z", Reason: "why"}, {Subject: "a", Reason: "why"}, {Subject: "a", Reason: "why"}, {Subject: "b", Reason: "another"},
		},
		Bindings: []model.Binding{{Manifests: "k8s", Cluster: "c1", Reason: "directory"}, {Manifests: "x", Reason: "none", Hint: "h"}},
	}
	got := report.Summarize(parsed, m, []source.Diagnostic{
		{Kind: source.Unread, Range: span("a.tf", 1, 2, 3), Message: "another"},
		{Kind: source.ParseError, Range: span("b.tf", 1, 2, 3), Message: "not counted"},
	})
	want := report.Summary{
		Files: parser.Files{YAML: 2}, Clusters: 1, Resources: 3, Objects: 2, Workloads: 1, Requirements: 2,
		Unknowns: []report.UnknownGroup{{Reason: "another", Subjects: []string{"a.tf:1:2", "b"}}, {Reason: "why", Subjects: []string{"a", "z"}}},
		Bindings: []report.Binding{{Manifests: "k8s", Cluster: "shop", Reason: "directory"}, {Manifests: "x", Reason: "none", Hint: "h"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary differs (-want +got):\n%s", diff)
	}
	if n := got.UnknownCount(); n != 4 {
		t.Errorf("%d unknowns, want 4", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	r := fixture()
	one := r.Findings
	for range 333 {
		r.Findings = append(r.Findings, one...)
	}
	for _, f := range report.Formats() {
		b.Run(f, func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				if err := report.Write(&out, f, r, report.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
