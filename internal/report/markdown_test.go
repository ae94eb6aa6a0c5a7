package report_test

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// gfm reads Markdown as GitHub does.
var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithUnsafe()))

// markdown is what a reader sees of a document.
type markdown struct {
	tables [][][]string // rows of cells, without what is invisible in them
	links  []string
	maps   []string
}

var (
	tag       = regexp.MustCompile(`<[^>]*>`)
	codeSpan  = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)
	reference = regexp.MustCompile(`[@#][0-9A-Za-z]|(?i:\bgh-[0-9])|://|(?i:www\.)`)
)

// readMarkdown fails for everything that a text from the scanned files must not
// become.
func readMarkdown(t tester, doc []byte) markdown {
	t.Helper()
	var m markdown
	render := func(n ast.Node) string {
		var b bytes.Buffer
		if err := gfm.Renderer().Render(&b, doc, n); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	root := gfm.Parser().Parse(text.NewReader(doc))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Heading, *ast.Paragraph, *ast.Text, *ast.String, *ast.CodeSpan,
			*extast.TableHeader, *extast.TableRow:
		case *ast.Emphasis:
			if n.Parent().Parent() != root || n.Level != 2 { // the headline
				t.Fatal("emphasis in " + render(n.Parent()))
			}
		case *ast.Link:
			m.links = append(m.links, string(n.Destination))
		case *ast.RawHTML:
			if raw := string(n.Segments.Value(doc)); raw != "<code>" && raw != "</code>" {
				t.Fatal("HTML: " + raw)
			}
		case *ast.FencedCodeBlock:
			if language := string(n.Language(doc)); language != "mermaid" {
				t.Fatal("a block of " + language)
			}
			m.maps = append(m.maps, string(n.Lines().Value(doc)))
		case *extast.Table:
			m.tables = append(m.tables, nil)
		case *extast.TableCell:
			table := &m.tables[len(m.tables)-1]
			if n.PreviousSibling() == nil {
				*table = append(*table, nil)
			}
			shown := render(n)
			plain := html.UnescapeString(tag.ReplaceAllString(codeSpan.ReplaceAllString(shown, ""), ""))
			if found := reference.FindString(plain); found != "" {
				t.Fatal(fmt.Sprintf("%q in a text is a link to GitHub: %q", found, plain))
			}
			cell := html.UnescapeString(tag.ReplaceAllString(shown, ""))
			row := &(*table)[len(*table)-1]
			*row = append(*row, strings.TrimSpace(strings.ReplaceAll(cell, "\u200b", "")))
		default:
			t.Fatal(fmt.Sprintf("%s from a text: %s", n.Kind(), render(n)))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range m.tables {
		for _, row := range table {
			if len(row) != len(table[0]) {
				t.Fatal(fmt.Sprintf("a row has %d cells of %d: %q", len(row), len(table[0]), row))
			}
		}
	}
	for _, chart := range m.maps {
		checkMermaid(t, chart)
	}
	return m
}

var mermaidLine = regexp.MustCompile(`^  (n[0-9]+(\["LABEL"\]|\{\{"LABEL"\}\}|\(\["LABEL"\]\))|n[0-9]+ --[>x] n[0-9]+)$`)

// checkMermaid accepts nodes and edges, and labels without anything that has a
// meaning in them.
func checkMermaid(t tester, chart string) {
	t.Helper()
	label := regexp.MustCompile("\"([^\"#&;<>%`|\\\\*~]|#[0-9]+;)+\"")
	lines := strings.Split(strings.TrimSuffix(chart, "\n"), "\n")
	if lines[0] != "flowchart LR" {
		t.Fatal("the chart begins with " + lines[0])
	}
	for _, line := range lines[1:] {
		if !mermaidLine.MatchString(label.ReplaceAllString(line, `"LABEL"`)) {
			t.Fatal("not a line of a chart: " + line)
		}
	}
}

func TestMarkdownEscapes(t *testing.T) {
	for _, s := range []string{
		"plain text", "a|b", `a\|b`, `a\`, "`code`", "``", "*a* _b_ __c__ ~~d~~", "$x^2$", "[x](https://example.org)", "![x](y)",
		"<script>alert(1)</script>", "<!-- x", "&amp; &#64;", "@octocat", "a@example.org", "#12", "org/repo#12", "GH-12",
		"https://example.org/x", "www.example.org", "WWW.example.org", "-- | --", "- list", "1. list", "> quote", "# title", "a\n\n## title", "\u202egnp", "{x}",
	} {
		t.Run(s, func(t *testing.T) {
			r := &report.Report{Rules: rules, Findings: []*finding.Finding{{
				Rule: "snat-missing", Severity: finding.Error, Range: span("d/"+s, 1, 2, 3), Message: s, Remedy: s,
			}}}
			m := readMarkdown(t, write(t, "markdown", r, report.Options{}))
			want := [][]string{
				{"Severity", "Rule", "Place", "What is wrong", "What to change"},
				{"error", "snat-missing", report.Visible("d/" + s + ":1:2"), report.Visible(s), report.Visible(s)},
			}
			if diff := cmp.Diff(want, m.tables[0]); diff != "" {
				t.Errorf("the table differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"https://example.org/rules/snat-missing.md"}, m.links); diff != "" {
				t.Errorf("the links differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A rule of somebody else may have any page.
func TestMarkdownLinks(t *testing.T) {
	for address, want := range map[string][]string{
		"https://example.org/a(b)|c":   {"https://example.org/a%28b%29%7Cc"},
		"https://example.org/a b<c>`d": {"https://example.org/a%20b%3Cc%3E%60d"},
		"javascript:alert(1)":          nil,
		"http://example.org":           nil,
		"https:///x":                   nil,
		"%":                            nil,
		"":                             nil,
	} {
		custom := rules[0]
		custom.DocsURL = address
		r := &report.Report{Rules: rules[:0:0], Findings: []*finding.Finding{{Rule: custom.ID, Severity: finding.Error, Range: span("a.tf", 1, 1, 2), Message: "m"}}}
		r.Rules = append(r.Rules, custom)
		if got := readMarkdown(t, write(t, "markdown", r, report.Options{})).links; !slices.Equal(got, want) {
			t.Errorf("%q is linked as %q, want %q", address, got, want)
		}
	}
}

// GitHub refuses a summary of more than 1 MiB as a whole.
func TestMarkdownIsCutAtARow(t *testing.T) {
	r := fixture()
	r.Findings = nil
	for i := range 10_000 {
		r.Findings = append(r.Findings, &finding.Finding{
			Rule: "snat-missing", Severity: finding.Warning, Range: span("a.tf", i+1, 1, 2), Message: strings.Repeat("@", 100), Remedy: "r",
		})
	}
	r.Findings[9_999].Severity = finding.Error
	doc := write(t, "markdown", r, report.Options{})
	if len(doc) > 900<<10 || len(doc) < 890<<10 {
		t.Errorf("the document has %d bytes", len(doc))
	}
	m := readMarkdown(t, doc)
	rows := m.tables[0][1:]
	if rows[0][0] != "error" {
		t.Error("the only error is not the first row")
	}
	if want := fmt.Sprintf("\n%d more findings are left out", 10_000-len(rows)); !bytes.Contains(doc, []byte(want)) {
		t.Errorf("the document does not say %q", want)
	}
	if len(m.tables) != 3 || len(m.maps) != 1 {
		t.Errorf("the rest is left out: %d tables and %d maps", len(m.tables), len(m.maps))
	}
}

// However much there is of everything, the document stays below the limit.
func TestMarkdownBounds(t *testing.T) {
	long := strings.Repeat("@", 2_000)
	r := &report.Report{}
	for i := range 1000 {
		s := fmt.Sprint(i, long)
		r.Findings = append(r.Findings, &finding.Finding{Rule: s, Severity: finding.Error, Range: span(s, 1, 1, 2), Message: s, Remedy: s})
		r.Diagnostics = append(r.Diagnostics, source.Diagnostic{Kind: source.ParseError, Range: span(s, 1, 1, 2), Message: s})
		r.Summary.Unknowns = append(r.Summary.Unknowns, report.UnknownGroup{Reason: s, Subjects: []string{s}})
		r.Blocked = append(r.Blocked, report.BlockedPath{Workload: s, Hop: s, Code: s, Destination: s})
	}
	doc := write(t, "markdown", r, report.Options{})
	m := readMarkdown(t, doc)
	if len(doc) > 900<<10 || len(m.tables) != 3 || len(m.tables[0]) < 10 {
		t.Errorf("%d bytes, %d tables, %d findings", len(doc), len(m.tables), len(m.tables[0]))
	}
	if n := strings.Count(m.maps[0], " --"); n != 50 {
		t.Errorf("the map has %d edges", n)
	}
	for _, want := range []string{"\n980 more are in the log.", "\n975 more blocked paths are not on the map.", "\n990 more reasons are in the json format."} {
		if !bytes.Contains(doc, []byte(want)) {
			t.Errorf("the document does not say %q", want)
		}
	}
}

func TestMarkdownHeadline(t *testing.T) {
	for want, r := range map[string]*report.Report{
		"**There is nothing to analyse.**":                                     {Empty: true},
		"**Nothing to judge: no workload, no cluster and nothing with a":       {},
		"**No findings.** Read no files: 1 cluster,":                           {Summary: report.Summary{Clusters: 1}},
		"**0 errors, 0 warnings and 1 note.** **1 place could not be analysed": {Findings: []*finding.Finding{{Severity: finding.Note}}, Diagnostics: []source.Diagnostic{{Kind: source.ParseError}}},
	} {
		if doc := write(t, "markdown", r, report.Options{}); !bytes.HasPrefix(doc, []byte("## egresslint\n\n"+want)) {
			t.Errorf("want %q, got:\n%s", want, doc)
		}
	}
}

// A reader of a summary learns what is not in its table, and why.
func TestMarkdownComparison(t *testing.T) {
	r := &report.Report{
		Summary:    report.Summary{Clusters: 1},
		Suppressed: []*finding.Finding{{Suppression: &finding.Suppression{Kind: finding.Unchanged}}, {Suppression: &finding.Suppression{Kind: finding.ByComment}}},
		Comparison: &report.Comparison{Ref: "x|<b>", Commit: strings.Repeat("0f", 20), Unchanged: 1},
	}
	doc := string(write(t, "markdown", r, report.Options{}))
	want := "**No new findings.** 1 suppressed: 1 by comment. Read no files: 1 cluster,"
	if !strings.Contains(doc, want) {
		t.Errorf("the document does not say %q:\n%s", want, doc)
	}
	want = "\nCompared with 0f0f0f0f0f, where HEAD and <code>x&#124;&#60;b&#62;</code> part: 1 finding that was there before is not shown.\n"
	if !strings.Contains(doc, want) {
		t.Errorf("the document does not say %q:\n%s", want, doc)
	}
	const all = "All of them are on the map"
	r.Blocked = []report.BlockedPath{{Workload: "a", Hop: "nat", Destination: "b"}}
	r.Findings = []*finding.Finding{{Severity: finding.Error}}
	if doc := string(write(t, "markdown", r, report.Options{})); !strings.Contains(doc, all) {
		t.Errorf("the map does not say what is on it:\n%s", doc)
	}
	r.Comparison, r.Suppressed = nil, nil
	r.Diagnostics = []source.Diagnostic{{Kind: source.NoBase, Message: "compare with @x: it is not there"}}
	doc = string(write(t, "markdown", r, report.Options{}))
	if want := "\n**Notice:** compare with @&#8203;x: it is not there.\n"; !strings.Contains(doc, want) || strings.Contains(doc, all) || strings.Contains(doc, "Compared") {
		t.Errorf("the document does not say %q only:\n%s", want, doc)
	}
}

func TestBlockedPaths(t *testing.T) {
	hop := func(name string, status truth.Verdict, code string) model.Hop {
		return model.Hop{Name: name, Status: status, Code: code}
	}
	path := func(workload, destination string, status truth.Verdict, hops ...model.Hop) *model.Path {
		return &model.Path{Workload: workload, Destination: destination, Status: status, Hops: hops}
	}
	m := &model.Model{
		Clusters:  []*model.Cluster{{ID: "infra/ack.a", Name: "prod"}, {ID: "infra/ack.b"}},
		Workloads: []*model.Workload{{ID: "infra/ack.a:shop/api[Deployment]", Cluster: "infra/ack.a"}, {ID: "shop/job[Job]"}},
		Paths: []*model.Path{
			path("infra/ack.a:shop/api[Deployment]", "a:1", truth.Blocked, hop("dns", truth.Open, ""), hop("nat", truth.Blocked, "missing"), hop("whitelist", truth.Blocked, "x")),
			path("infra/ack.a:shop/api[Deployment]", "a:1", truth.Blocked, hop("nat", truth.Blocked, "missing")),
			path("shop/job[Job]", "b:2", truth.Unknown, hop("nat", truth.Unknown, "")),
			path("shop/job[Job]", "c:3", truth.Open, hop("nat", truth.Open, "")),
			path("shop/job[Job]", "d:4", truth.Blocked, hop("load-balancer", truth.Blocked, "disputed")),
			path("shop/job[Job]", "e:5", truth.Blocked, hop("load-balancer", truth.Blocked, "documented"), hop("egress-policy", truth.Blocked, "")),
		},
	}
	want := []report.BlockedPath{
		{Workload: "prod: shop/api[Deployment]", Hop: "nat", Code: "missing", Destination: "a:1"},
		{Workload: "shop/job[Job]", Hop: "egress-policy", Destination: "e:5"},
	}
	if diff := cmp.Diff(want, report.BlockedPaths(m)); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
}
