package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/truth"
)

func writePaths(t tester, format string, d *report.PathDiff) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.WritePathDiff(&b, format, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pathDiff compares with the commit base.
func pathDiff(changes ...pipeline.PathChange) *report.PathDiff {
	return &report.PathDiff{
		PathComparison: &pipeline.PathComparison{Changes: changes, Unchanged: 4},
		Base: report.PathDiffSide{
			Ref: "main", Commit: "5e1a2d549c0e8f7a6b4c3d2e1f0a9b8c7d6e5f40", Complete: true,
			Display: func(name string) string { return "main:" + name },
		},
		Head: report.PathDiffSide{Complete: true, Display: func(name string) string { return "../" + name }},
	}
}

func pathChange(kind pipeline.PathChangeKind, before, after *pipeline.PathVerdict) pipeline.PathChange {
	return pipeline.PathChange{
		Kind: kind, Workload: pipeline.PathWorkload{Cluster: "prod", ClusterID: "infra/c", Namespace: "shop", Name: "api", Kind: "Deployment"},
		Destination: "db:3306", Port: 3306, Protocol: "TCP", Before: before, After: after,
	}
}

var (
	openPath    = &pipeline.PathVerdict{Status: truth.Open}
	blockedPath = &pipeline.PathVerdict{
		Status: truth.Blocked, Hop: model.Hop{Name: "whitelist", Code: "missing"}, Place: span("infra/db.tf", 12, 3, 9),
	}
	unknownPath = &pipeline.PathVerdict{Status: truth.Unknown, Hop: model.Hop{Name: "nat", Detail: "var.x has no value"}}
)

func TestPathDiffText(t *testing.T) {
	d := pathDiff(
		pathChange(pipeline.PathClosed, openPath, blockedPath),
		pathChange(pipeline.PathOpened, blockedPath, openPath),
		pathChange(pipeline.PathBecameUnknown, openPath, unknownPath),
		pathChange(pipeline.PathBecameKnown, unknownPath, blockedPath),
		pathChange(pipeline.PathAdded, nil, blockedPath),
		pathChange(pipeline.PathRemoved, blockedPath, nil),
	)
	d.Head.Complete = false
	want := `Closed:
  shop/api[Deployment] -> db:3306/TCP: open -> blocked by the whitelist (../infra/db.tf:12:3)

Opened:
  shop/api[Deployment] -> db:3306/TCP: blocked by the whitelist (main:infra/db.tf:12:3) -> open

Became unknown:
  shop/api[Deployment] -> db:3306/TCP: open -> unknown: the way to the Internet, var.x has no value

Became known:
  shop/api[Deployment] -> db:3306/TCP: unknown: the way to the Internet, var.x has no value -> blocked by the whitelist (../infra/db.tf:12:3)

Added:
  shop/api[Deployment] -> db:3306/TCP: blocked by the whitelist (../infra/db.tf:12:3)

Removed:
  shop/api[Deployment] -> db:3306/TCP: was blocked by the whitelist (main:infra/db.tf:12:3)

Not everything could be analysed in the work tree: paths may be missing there.
Compared main (5e1a2d549c) with the work tree: 1 closed, 1 opened, 1 became unknown, 1 became known, 1 added, 1 removed; 4 paths unchanged.
`
	if got := string(writePaths(t, "text", d)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPathDiffWords(t *testing.T) {
	change := func(edit func(*pipeline.PathChange)) pipeline.PathChange {
		c := pathChange(pipeline.PathAdded, nil, openPath)
		edit(&c)
		return c
	}
	stopped := func(hop, code string) func(*pipeline.PathChange) {
		return func(c *pipeline.PathChange) {
			c.After = &pipeline.PathVerdict{Status: truth.Blocked, Hop: model.Hop{Name: hop, Code: code}}
		}
	}
	tests := map[string]struct {
		change pipeline.PathChange
		edit   func(*report.PathDiff)
		want   string
	}{
		"a SNAT entry":   {change(stopped("nat", "missing")), nil, "blocked by a missing SNAT entry\n"},
		"policies":       {change(stopped("egress-policy", "port")), nil, "blocked by NetworkPolicies\n"},
		"DNS":            {change(stopped("dns", "own-namespace")), nil, "blocked by NetworkPolicies, on the way to the resolver\n"},
		"another hop":    {change(stopped("new-hop", "")), nil, "blocked by new-hop\n"},
		"several":        {change(func(*pipeline.PathChange) {}), func(d *report.PathDiff) { d.Clusters = true }, "  prod: shop/api[Deployment] -> "},
		"of one name":    {change(func(*pipeline.PathChange) {}), func(d *report.PathDiff) { d.Namesakes = true }, "  prod (infra/c): shop/api[Deployment] -> "},
		"no port":        {change(func(c *pipeline.PathChange) { c.Port, c.Destination = 0, "db" }), nil, " -> db: open\n"},
		"port elsewhere": {change(func(c *pipeline.PathChange) { c.Destination = "the Internet" }), nil, " -> the Internet port 3306/TCP: open\n"},
		"merge base":     {change(func(*pipeline.PathChange) {}), func(d *report.PathDiff) { d.Base.MergeBase = true }, "\nCompared the merge base with main (5e1a2d549c) with the work tree: "},
		"only documented": {change(func(c *pipeline.PathChange) {
			c.After = &pipeline.PathVerdict{Status: truth.Unknown, Hop: model.Hop{Name: "load-balancer", Code: "documented", Detail: "shop/web"}}
		}), nil, ": unknown: the load balancer, the vendor's documentation says that it drops the packet, and the files do not prove it\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := pathDiff(test.change)
			if test.edit != nil {
				test.edit(d)
			}
			if got := string(writePaths(t, "text", d)); !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant %q in it", got, test.want)
			}
		})
	}
}

func TestPathDiffNothing(t *testing.T) {
	if got, want := string(writePaths(t, "text", pathDiff())), "Compared main (5e1a2d549c) with the work tree: no path differs; 4 paths unchanged.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var doc map[string]any
	if err := json.Unmarshal(writePaths(t, "json", pathDiff()), &doc); err != nil {
		t.Fatal(err)
	}
	if changes, ok := doc["changes"].([]any); !ok || len(changes) > 0 || doc["apiVersion"] != report.JSONVersion || doc["kind"] != "PathDiff" {
		t.Errorf("got %v", doc)
	}
}

func TestPathDiffHostile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := func(label string) string { return hostile.Draw(t, label) }
		c := pathChange(pipeline.PathBecameKnown, unknownPath, blockedPath)
		c.Workload = pipeline.PathWorkload{Cluster: s("cluster"), ClusterID: "x" + s("id"), Namespace: s("namespace"), Name: s("name"), Kind: s("kind")}
		c.Destination, c.Protocol = s("destination"), s("protocol")
		before, after := *unknownPath, *blockedPath
		before.Hop.Detail = s("detail")
		after.Place.File = "d/" + s("file")
		c.Before, c.After = &before, &after
		d := pathDiff(c)
		d.Clusters, d.Namesakes = rapid.Bool().Draw(t, "clusters"), rapid.Bool().Draw(t, "namesakes")
		d.Base.Ref = s("ref")
		text := string(writePaths(t, "text", d))
		if n := strings.Count(text, "\n"); n != 4 {
			t.Fatalf("%d lines:\n%s", n, text)
		}
		for _, format := range report.PathDiffFormats() {
			doc := string(writePaths(t, format, d))
			if !utf8.ValidString(doc) || strings.ContainsFunc(doc, func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || c == '\u202e') }) {
				t.Fatalf("%s holds a control character: %q", format, doc)
			}
			if format == "json" {
				continue
			}
			for _, line := range strings.Split(doc, "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
					t.Fatalf("%s gives GitHub an order: %q", format, line)
				}
			}
		}
		if tables := readMarkdown(t, writePaths(t, "markdown", d)).tables; len(tables) != 1 || len(tables[0]) != 2 || len(tables[0][1]) != 4 {
			t.Fatalf("got the tables %q", tables)
		}
	})
}

// A document that GitHub would refuse is cut between two rows.
func TestPathDiffMarkdownSize(t *testing.T) {
	var changes []pipeline.PathChange
	for _, kind := range []pipeline.PathChangeKind{pipeline.PathClosed, pipeline.PathOpened} {
		for i := range 3000 {
			c := pathChange(kind, openPath, blockedPath)
			c.Destination = fmt.Sprintf("%d.%s", i, strings.Repeat("x", 200))
			changes = append(changes, c)
		}
	}
	doc := writePaths(t, "markdown", pathDiff(changes...))
	if len(doc) > 900<<10 {
		t.Errorf("%d bytes", len(doc))
	}
	rows := 0
	for _, table := range readMarkdown(t, doc).tables {
		rows += len(table) - 1
	}
	if want := fmt.Sprintf("\n%d more paths are left out, ", len(changes)-rows); rows < 2000 || !bytes.Contains(doc, []byte(want)) {
		t.Errorf("%d rows, and not %q", rows, want)
	}
}

func TestPathDiffFormatUnknown(t *testing.T) {
	if err := report.WritePathDiff(&bytes.Buffer{}, "yaml", pathDiff()); err == nil {
		t.Error("no error")
	}
}

func TestPathDiffJSON(t *testing.T) {
	d := pathDiff(pathChange(pipeline.PathClosed, openPath, blockedPath), pathChange(pipeline.PathRemoved, unknownPath, nil))
	d.Version, d.Base.MergeBase = "1.2.3", true
	want := `{
  "apiVersion": "egresslint.io/v1alpha1",
  "kind": "PathDiff",
  "tool": {"name": "egresslint", "version": "1.2.3"},
  "base": {"ref": "main", "commit": "5e1a2d549c0e8f7a6b4c3d2e1f0a9b8c7d6e5f40", "mergeBase": true, "complete": true},
  "head": {"complete": true},
  "changes": [
    {
      "change": "closed",
      "workload": {"cluster": "prod", "clusterId": "infra/c", "namespace": "shop", "kind": "Deployment", "name": "api"},
      "destination": "db:3306", "port": 3306, "protocol": "TCP",
      "before": {"status": "open", "hop": "", "code": "", "message": "open", "location": null},
      "after": {
        "status": "blocked", "hop": "whitelist", "code": "missing", "message": "blocked by the whitelist",
        "location": {"file": "infra/db.tf", "startLine": 12, "startColumn": 3, "endLine": 12, "endColumn": 9}
      }
    },
    {
      "change": "removed",
      "workload": {"cluster": "prod", "clusterId": "infra/c", "namespace": "shop", "kind": "Deployment", "name": "api"},
      "destination": "db:3306", "port": 3306, "protocol": "TCP",
      "before": {"status": "unknown", "hop": "nat", "code": "", "message": "unknown: the way to the Internet, var.x has no value", "location": null},
      "after": null
    }
  ],
  "summary": {"closed": 1, "opened": 0, "becameUnknown": 0, "becameKnown": 0, "added": 0, "removed": 1, "unchanged": 4}
}`
	var got, expected any
	if err := json.Unmarshal(writePaths(t, "json", d), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("document differs (-want +got):\n%s", diff)
	}
}
