package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

// What an XML format may hold, as attributes by element. The first are those of
// Jenkins' junit-10.xsd as far as they are used, the others those of Checkstyle's
// XMLLogger.
var (
	junitElements = map[string][]string{
		"testsuites": {"name", "tests", "failures", "errors"},
		"testsuite":  {"name", "tests", "failures", "errors", "skipped"},
		"testcase":   {"name", "classname"},
		"error":      {"type", "message"},
		"failure":    {"type", "message"},
		"skipped":    {"type", "message"},
		"system-out": {},
	}
	checkstyleElements = map[string][]string{
		"checkstyle": {"version"},
		"file":       {"name"},
		"error":      {"line", "column", "severity", "message", "source"},
	}
)

// checkXML fails unless doc is well-formed and has the elements and attributes.
func checkXML(t tester, doc []byte, elements map[string][]string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(fmt.Sprintf("%v in:\n%s", err, doc))
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		want, ok := elements[start.Name.Local]
		var got []string
		for _, a := range start.Attr {
			got = append(got, a.Name.Local)
		}
		if !ok || len(got) != len(want) || slices.ContainsFunc(got, func(name string) bool { return !slices.Contains(want, name) }) {
			t.Fatal(fmt.Sprintf("element %s with attributes %q", start.Name.Local, got))
		}
	}
}

func readJUnit(t tester, r *report.Report) junit.Testsuites {
	t.Helper()
	doc := write(t, "junit", r, report.Options{})
	checkXML(t, doc, junitElements)
	var all junit.Testsuites
	if err := xml.Unmarshal(doc, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// outcomes are the cases of each suite by name, with how they ended.
func outcomes(all junit.Testsuites) map[string][]string {
	result := make(map[string][]string)
	for _, suite := range all.Suites {
		for _, c := range suite.Testcases {
			outcome := "passed"
			switch {
			case c.Error != nil:
				outcome = "error"
			case c.Failure != nil:
				outcome = "failed"
			case c.Skipped != nil:
				outcome = "skipped"
			}
			result[suite.Name] = append(result[suite.Name], c.Name+": "+outcome)
		}
	}
	return result
}

func TestJUnit(t *testing.T) {
	const unknown1, unknown2 = "unknown: var.vpc_id has no value: pass --var-file: skipped", "unknown: module.vpc was not read: run terraform init: skipped"
	skipped := fixture()
	skipped.SkipInvalid = true
	results := map[string][]string{
		"network-policy-blocks-egress": {"k8s/名前 #1.yaml: Deployment/api cannot reach db:5432: passed"},
		"snat-missing":                 {`envs/staging/main.tf: Pods of shop-staging cannot reach the Internet: no SNAT entry covers alicloud_vswitch.pod["b"] (10.1.16.0/20): failed`},
		"whitelist-missing":            {"modules/data/main.tf: RDS orders does not admit the pods of shop: failed"},
	}
	with := func(analysis ...string) map[string][]string {
		m := map[string][]string{"analysis": analysis}
		for name, list := range results {
			m[name] = list
		}
		return m
	}
	for name, tt := range map[string]struct {
		r    *report.Report
		want map[string][]string
	}{
		"findings":     {fixture(), with("policy-error: error", "blob.tf: parse-error: error", "k8s/broken.yaml: parse-error: error", unknown1, unknown2)},
		"skip invalid": {skipped, with("policy-error: skipped", "blob.tf: parse-error: skipped", "k8s/broken.yaml: parse-error: skipped", unknown1, unknown2)},
		"clean":        {&report.Report{}, map[string][]string{"analysis": {"everything could be analysed: passed"}}},
		"empty":        {&report.Report{Empty: true}, map[string][]string{"analysis": {"input: error"}}},
	} {
		t.Run(name, func(t *testing.T) {
			all := readJUnit(t, tt.r)
			if diff := cmp.Diff(tt.want, outcomes(all)); diff != "" {
				t.Errorf("cases differ (-want +got):\n%s", diff)
			}
			var sum junit.Testsuites
			for _, suite := range all.Suites {
				counted := map[string]int{}
				for _, c := range outcomes(junit.Testsuites{Suites: []junit.Testsuite{suite}})[suite.Name] {
					counted[c[strings.LastIndex(c, ": ")+2:]]++
				}
				if suite.Tests != len(suite.Testcases) || suite.Failures != counted["failed"] || suite.Errors != counted["error"] || suite.Skipped != counted["skipped"] {
					t.Errorf("suite %s has the wrong counts for %v", suite.Name, counted)
				}
				sum.Tests += suite.Tests
				sum.Failures += suite.Failures
				sum.Errors += suite.Errors
			}
			if all.Tests != sum.Tests || all.Failures != sum.Failures || all.Errors != sum.Errors {
				t.Errorf("the sums are %d, %d, %d; want %d, %d, %d", all.Tests, all.Failures, all.Errors, sum.Tests, sum.Failures, sum.Errors)
			}
		})
	}
}

// Readers follow a test by its name: an edit above must not make it a new one.
func TestJUnitNamesHaveNoLines(t *testing.T) {
	before, moved := fixture(), fixture()
	for _, f := range moved.Findings {
		f.Range.Start.Line += 7
		f.Range.End.Line += 7
	}
	if diff := cmp.Diff(outcomes(readJUnit(t, before)), outcomes(readJUnit(t, moved))); diff != "" {
		t.Errorf("names change with lines:\n%s", diff)
	}
}

func TestCheckstyle(t *testing.T) {
	r := fixture()
	r.Resolve = func(name string) string { return strings.Replace(name, "envs/", "live/", 1) }
	doc := write(t, "checkstyle", r, report.Options{})
	checkXML(t, doc, checkstyleElements)
	var got struct {
		Files []struct {
			Name   string `xml:"name,attr"`
			Errors []struct {
				Line     int    `xml:"line,attr"`
				Column   int    `xml:"column,attr"`
				Severity string `xml:"severity,attr"`
				Source   string `xml:"source,attr"`
			} `xml:"error"`
		} `xml:"file"`
	}
	if err := xml.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range got.Files {
		for _, e := range f.Errors {
			list = append(list, fmt.Sprintf("%s:%d:%d: %s: %s", f.Name, e.Line, e.Column, e.Severity, e.Source))
		}
	}
	want := []string{
		"blob.tf:1:1: error: egresslint.parse-error",
		"k8s/broken.yaml:1:4: error: egresslint.parse-error",
		"k8s/名前 #1.yaml:2:13: info: egresslint.network-policy-blocks-egress",
		"live/staging/main.tf:3:21: error: egresslint.snat-missing",
		"modules/data/main.tf:2:17: warning: egresslint.whitelist-missing",
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("errors differ (-want +got):\n%s", diff)
	}
}

type gitlabEntry struct {
	Fingerprint string
	Severity    string
	Location    struct {
		Path  string
		Lines struct{ Begin int }
	}
}

func readGitLab(t *testing.T, r *report.Report) []gitlabEntry {
	t.Helper()
	var list []gitlabEntry
	if err := json.Unmarshal(write(t, "gitlab", r, report.Options{}), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// GitLab compares the fingerprints of two branches, and shows one of equal ones.
func TestGitLabFingerprints(t *testing.T) {
	equal := func(line int) *report.Report {
		r := &report.Report{}
		for i := range 3 {
			r.Findings = append(r.Findings, &finding.Finding{Rule: "r", Severity: finding.Error, Range: span("a.tf", line+i, 1, 2), Message: "m"})
			r.Diagnostics = append(r.Diagnostics, source.Diagnostic{Kind: source.ParseError, Range: span("a.tf", line+i, 3, 4), Message: "m"})
		}
		return r
	}
	before, after := readGitLab(t, equal(1)), readGitLab(t, equal(50))
	seen := make(map[string]bool)
	for i := range before {
		if seen[before[i].Fingerprint] {
			t.Error("two entries have one fingerprint")
		}
		seen[before[i].Fingerprint] = true
		if before[i].Fingerprint != after[i].Fingerprint {
			t.Error("the fingerprint changes with the line")
		}
		if after[i].Location.Lines.Begin != before[i].Location.Lines.Begin+49 {
			t.Errorf("the line is %d", after[i].Location.Lines.Begin)
		}
	}
	if len(before) != 6 {
		t.Errorf("%d entries", len(before))
	}
}

// An entry without a file is one that GitLab, and readers of Checkstyle's reports,
// would refuse: no file is made up for it.
func TestNoPlaceIsMadeUp(t *testing.T) {
	r := &report.Report{Diagnostics: []source.Diagnostic{{Kind: source.PolicyError, Message: "evaluate rule x: it took too long"}}}
	if list := readGitLab(t, r); len(list) != 0 {
		t.Errorf("gitlab: %+v", list)
	}
	if doc := write(t, "checkstyle", r, report.Options{}); bytes.Contains(doc, []byte("<file")) {
		t.Errorf("checkstyle: %s", doc)
	}
	if got := outcomes(readJUnit(t, r))["analysis"]; !slices.Equal(got, []string{"policy-error: error"}) {
		t.Errorf("junit: %q", got)
	}
}

func TestNothingToAnalyse(t *testing.T) {
	for format, want := range map[string]string{
		"text": "There is nothing to analyse.", "markdown": "There is nothing to analyse.", "junit": "There is nothing to analyse.",
		"github": "::error title=egresslint%3A nothing to analyse::There is nothing to analyse.\n", "sarif": `"executionSuccessful": false`,
	} {
		if out := write(t, format, &report.Report{Empty: true}, report.Options{}); !bytes.Contains(out, []byte(want)) || bytes.Contains(out, []byte("No findings")) {
			t.Errorf("%s does not say %q:\n%s", format, want, out)
		}
	}
}

// hostileReport has a text from the scanned files wherever there can be one.
func hostileReport(file, s, other string) *report.Report {
	return &report.Report{
		Rules: rules,
		Findings: []*finding.Finding{
			{
				Rule: "snat-missing", Severity: finding.Error, Range: span(file, 1, 1, 2), Address: s, Message: s, Remedy: other, Key: []string{s},
				Related: []finding.Related{{Range: span(file, 2, 1, 2), Message: other}}, Instances: []string{other}, Variants: []string{s}, From: []string{other},
			},
			{Rule: "r" + s, Severity: finding.Note, Range: span(file, 2, 1, 2), Message: "m" + other, Remedy: s},
		},
		Diagnostics: []source.Diagnostic{{Kind: source.ParseError, Range: span(file, 1, 1, 1), Message: "m" + s}},
		Blocked:     []report.BlockedPath{{Workload: s, Hop: "nat", Code: other, Destination: s + other}},
		Summary: report.Summary{
			Clusters: 1, Unknowns: []report.UnknownGroup{{Reason: "r" + s, Subjects: []string{other}}},
			Bindings: []report.Binding{{Manifests: file, Cluster: s, Reason: "directory"}},
		},
	}
}

var workflowCommand = regexp.MustCompile(`^::(error|warning|notice) (col=[0-9]+,file=[^:,]+,line=[0-9]+,)?title=[^:,]+::[^\r\n]+$`)

// checkFormats fails unless a report is well-formed in every format that has a form.
func checkFormats(t tester, r *report.Report, schemas map[string]func([]byte) error) {
	t.Helper()
	for _, format := range slices.Sorted(maps.Keys(schemas)) {
		if err := schemas[format](write(t, format, r, report.Options{})); err != nil {
			t.Fatal(fmt.Sprintf("%s: %v", format, err))
		}
	}
	checkXML(t, write(t, "junit", r, report.Options{}), junitElements)
	checkXML(t, write(t, "checkstyle", r, report.Options{}), checkstyleElements)
	for line := range strings.Lines(string(write(t, "github", r, report.Options{}))) {
		line = strings.TrimSuffix(line, "\n")
		if !workflowCommand.MatchString(line) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Fatal(fmt.Sprintf("not an annotation: %q", line))
		}
	}
	m := readMarkdown(t, write(t, "markdown", r, report.Options{}))
	if len(m.tables) != 3 || len(m.tables[0]) != 1+len(r.Findings) || len(m.maps) != 1 {
		t.Fatal(fmt.Sprintf("%d tables, %d maps", len(m.tables), len(m.maps)))
	}
}

// FuzzFormats has two texts in every place that the scanned files decide.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{
		"\x1b[2J", "a\n::error::x", "%0A::error::", "##[error]x", "]]>", "<![CDATA[", "&#0;", "\xff\xfe", "\uffff", "\ufffe", "\x00", "a|b", "`", "``x`", "\\|",
		"<script>", "</code>", "@a", "#1", "```\n", "--x", "](x)", "\u2028", "{0}", "www.a.b", "a@b.c", "mailto:a@b.c", "*", "_a_", "end",
	} {
		f.Add(s, s, s)
		f.Add("main.tf", "message", s)
	}
	schemas := map[string]func([]byte) error{}
	for format, file := range map[string]string{
		"json": "schema.json", "sarif": "testdata/sarif-schema-2.1.0.json", "gitlab": "testdata/gitlab-code-quality.json",
	} {
		schema := compile(f, file)
		schemas[format] = func(doc []byte) error { return validate(schema, doc) }
	}
	f.Fuzz(func(t *testing.T, file, s, other string) {
		r := hostileReport("d/"+file, s, other)
		checkFormats(t, r, schemas)
		if name := readJUnit(t, r).Suites[1].Testcases[0].Name; strings.ContainsAny(name, "\x1b\r\n") {
			t.Fatalf("the name %q is not safe to print", name)
		}
	})
}
