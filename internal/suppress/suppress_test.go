package suppress_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

var now = time.Date(2027, 6, 30, 23, 59, 0, 0, time.UTC)

func at(file string, line int) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: line, Column: 3}, End: source.Pos{Line: line, Column: 9}}
}

func read(files map[string]string, in suppress.Input) *suppress.Set {
	fsys := make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in.Tree = source.NewTree(fsys)
	if in.Now.IsZero() {
		in.Now = now
	}
	set, err := suppress.Read(context.Background(), in)
	if err != nil { // never: the context has no end
		panic(err)
	}
	return set
}

func TestMatch(t *testing.T) {
	files := map[string]string{
		"main.tf":          "a = 1 # egresslint:ignore r -- outer\nmodule \"x\" { # egresslint:ignore r -- caller\n  # egresslint:ignore r -- inner\n  b = 1\n}\n",
		"mod/main.tf":      "# egresslint:ignore r -- module\nresource \"x\" \"y\" {\n  b = 1\n}\nc = 1\n",
		"t/_helpers.tpl":   "{{/* egresslint:ignore r -- helper */}}\nx: 1\n",
		"tomorrow.tf":      "a = 1 # egresslint:ignore r until=2027-07-01 -- tomorrow\n",
		"today.tf":         "a = 1 # egresslint:ignore r until=2027-06-30 -- today\n",
		"yesterday.tf":     "a = 1 # egresslint:ignore r until=2027-06-29 -- yesterday\n",
		"both.tf":          "# egresslint:ignore r until=2027-06-29 -- yesterday\n# egresslint:ignore r -- always\na = 1\n",
		"mistake.tf":       "a = 1 # egresslint:ignore r until=soon -- mistake\n",
		"other.tf":         "a = 1 # egresslint:ignore s -- another rule\n",
		"k8s/annotated.md": "# egresslint:ignore r -- no file of ours\nx\n",
	}
	note := place.Ignore{Text: "\n r -- annotated\n", Range: at("k8s/a.yaml", 7)}
	old := place.Ignore{Text: "r until=2020-01-01 -- old", Range: at("k8s/a.yaml", 8)}
	entries := []config.Suppression{
		{Rules: []string{"r"}, Files: []config.Glob{{Pattern: "vendor/**"}, {Pattern: "legacy"}}, Reason: "vendor"},
		{Rules: []string{"r"}, Address: "module.lab[*].*.db", Reason: "lab"},
		{Rules: []string{"r"}, Files: []config.Glob{{Pattern: "k8s/*.yaml"}}, Address: "NetworkPolicy/a/*", Reason: "both"},
	}
	one := func(p place.Place) suppress.Finding {
		return suppress.Finding{Rule: "r", Anchor: p.Range, Places: []place.Place{p}}
	}
	tests := []struct {
		name    string
		finding suppress.Finding
		want    string // reason; empty if it counts
		expired string
	}{
		{"on the line", one(place.Place{Range: at("main.tf", 1)}), "outer", ""},
		{"the innermost speaks", one(place.Place{Range: at("main.tf", 4)}), "inner", ""},
		{"in the block", one(place.Place{Range: at("main.tf", 5)}), "caller", ""},
		{"beyond", one(place.Place{Range: at("mod/main.tf", 5)}), "", ""},
		{"another file", one(place.Place{Range: at("nowhere.tf", 1)}), "", ""},
		{"a whole file", one(place.Place{Range: source.Range{File: "main.tf"}}), "", ""},
		{"no place", suppress.Finding{Rule: "r"}, "", ""},
		{"a file that is not linted", one(place.Place{Range: at("t/_helpers.tpl", 2)}), "helper", ""},
		{"a file of another kind", one(place.Place{Range: at("k8s/annotated.md", 2)}), "", ""},

		{"the place in the module of a finding at its caller", suppress.Finding{
			Rule: "r", Anchor: at("nowhere.tf", 1), Places: []place.Place{{Range: at("mod/main.tf", 3), Callers: []source.Range{at("nowhere.tf", 1)}}},
		}, "module", ""},
		{"what is passed in", suppress.Finding{
			Rule: "r", Anchor: at("nowhere.tf", 1), Places: []place.Place{{Range: at("mod/main.tf", 5), Callers: []source.Range{at("main.tf", 4)}}},
		}, "inner", ""},
		{"the block that calls the module", one(place.Place{Range: at("mod/main.tf", 5), ModuleBlocks: []source.Range{at("nowhere.tf", 3), at("main.tf", 2)}}), "caller", ""},
		{"all instances", suppress.Finding{Rule: "r", Anchor: at("mod/main.tf", 5), Places: []place.Place{
			{Range: at("mod/main.tf", 5), ModuleBlocks: []source.Range{at("main.tf", 2)}},
			{Range: at("mod/main.tf", 5), Address: "module.lab[0].module.x.db"},
		}}, "caller", ""},
		{"one of two instances", suppress.Finding{Rule: "r", Anchor: at("mod/main.tf", 5), Places: []place.Place{
			{Range: at("mod/main.tf", 5), ModuleBlocks: []source.Range{at("main.tf", 2)}},
			{Range: at("mod/main.tf", 5)},
		}}, "", ""},

		{"until tomorrow", one(place.Place{Range: at("tomorrow.tf", 1)}), "tomorrow", ""},
		{"on its last day", one(place.Place{Range: at("today.tf", 1)}), "today", ""},
		{"since yesterday", one(place.Place{Range: at("yesterday.tf", 1)}), "", "yesterday"},
		{"expired beside one that counts", one(place.Place{Range: at("both.tf", 3)}), "always", ""},
		{"a mistake", one(place.Place{Range: at("mistake.tf", 1)}), "", ""},
		{"another rule", one(place.Place{Range: at("other.tf", 1)}), "", ""},

		{"annotated", one(place.Place{Range: at("k8s/x.yaml", 3), Ignores: []place.Ignore{note}}), "annotated", ""},
		{"annotated long ago", one(place.Place{Range: at("x.yaml", 3), Ignores: []place.Ignore{old}}), "", "old"},
		{"annotated in one overlay of two", suppress.Finding{Rule: "r", Anchor: at("x.yaml", 3), Places: []place.Place{
			{Range: at("x.yaml", 3), Ignores: []place.Ignore{note}}, {Range: at("x.yaml", 3)},
		}}, "", ""},

		{"by file", one(place.Place{Range: at("vendor/a/b.tf", 3)}), "vendor", ""},
		{"by folder", one(place.Place{Range: at("legacy/a/b.tf", 3)}), "vendor", ""},
		{"by address", one(place.Place{Range: at("x.tf", 3), Address: "module.lab[0].alicloud_x.db"}), "lab", ""},
		{"by another address", one(place.Place{Range: at("x.tf", 3), Address: "module.lab[0].alicloud_x.db2"}), "", ""},
		{"by file and address", one(place.Place{Range: at("k8s/x.yaml", 3), Address: "NetworkPolicy/a/b"}), "both", ""},
		{"by address in another file", one(place.Place{Range: at("k8s/x/x.yaml", 3), Address: "NetworkPolicy/a/b"}), "", ""},
		{"by file with another address", one(place.Place{Range: at("k8s/x.yaml", 3), Address: "NetworkPolicy/b/b"}), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := read(files, suppress.Input{
				Files:       []source.File{{Name: "main.tf", Kind: source.Terraform}},
				Annotations: []place.Ignore{note, note, old}, Config: entries,
			})
			got, expired := set.Match(tt.finding)
			reason, last := "", ""
			if got != nil {
				reason = got.Reason
			}
			for _, e := range expired {
				last += e.Reason
			}
			if reason != tt.want || last != tt.expired {
				t.Errorf("suppressed by %q, expired %q; want %q, %q", reason, last, tt.want, tt.expired)
			}
		})
	}
}

func TestDiagnostics(t *testing.T) {
	files := map[string]string{
		"main.tf": "a = 1 # egresslint:ignore one,two -- used for one\n" +
			"b = 1 # egresslint:ignore one\n" +
			"c = 1 # egresslint:ignore twoo -- misspelt\n" +
			"d = 1 # egresslint:ignore one until=2020-01-01 -- returns\n" +
			"e = 1 # egresslint:ignore one until=2020-01-01 -- no longer needed\n" +
			"f = 1 # egresslint:ignore off -- not run\n" +
			"# egresslint:ignore one -- alone\n",
		"unlinted.tf": "a = 1 # egresslint:ignore one\n",
	}
	in := suppress.Input{
		Files:       []source.File{{Name: "main.tf", Kind: source.Terraform}},
		Annotations: []place.Ignore{{Text: "one -- why", Range: at("k.yaml", 3)}, {Text: "", Range: at("k.yaml", 2)}},
		Config:      []config.Suppression{{Rules: []string{"one"}, Address: "x", At: at(".egresslint.yaml", 2)}},
	}
	run := suppress.Run{Known: []string{"one", "two", "off"}, Ran: func(rule string) bool { return rule != "off" }}
	tell := func(whole bool) []string {
		set := read(files, in)
		for _, anchor := range []source.Range{at("main.tf", 1), at("main.tf", 2), at("main.tf", 4), at("unlinted.tf", 1)} {
			set.Match(suppress.Finding{Rule: "one", Anchor: anchor, Places: []place.Place{{Range: anchor}}})
		}
		run.Whole = whole
		var got []string
		for _, d := range set.Diagnostics(run) {
			if d.Fatal() {
				t.Errorf("%v ends a run", d)
			}
			got = append(got, d.Range.String()+" "+string(d.Kind)+" "+d.Message)
		}
		return got
	}
	always := []string{
		"main.tf:2:9 suppression-unexplained suppress one: no reason is given; write it behind the rules, as in -- reason",
		`main.tf:3:9 suppression-unknown-rule suppress twoo: there is no such rule, did you mean "two"?`,
		"main.tf:4:9 suppression-expired suppress one: 2020-01-01 was the last day, so that the findings count again",
		"main.tf:7:3 suppression-unused suppress one: no code is right below, so that it has no effect",
		"k.yaml:2:3 suppression-mistake read suppression: it names no rule, as in egresslint:ignore snat-missing -- reason",
		".egresslint.yaml:2:3 suppression-unexplained suppress one: no reason is given; write it under reason",
	}
	if diff := cmp.Diff(always, tell(false)); diff != "" {
		t.Errorf("a run over a part (-want +got):\n%s", diff)
	}
	var more []string
	for _, d := range tell(true) {
		if !strings.Contains(strings.Join(always, "\n"), d) {
			more = append(more, d)
		}
	}
	if diff := cmp.Diff([]string{
		"main.tf:1:9 suppression-unused suppress two: no finding needs it: remove it",
		"main.tf:5:9 suppression-unused suppress one: no finding needs it, and 2020-01-01 was the last day: remove it",
		"k.yaml:3:3 suppression-unused suppress one: no finding needs it: remove it",
		".egresslint.yaml:2:3 suppression-unused suppress one: no finding needs it: remove it",
	}, more); diff != "" {
		t.Errorf("a run over everything tells more (-want +got):\n%s", diff)
	}
}

// countdown is a context whose time is over after it was asked so many times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// counting is a file system that counts the files that are read.
type counting struct {
	fstest.MapFS
	opened atomic.Int64
}

func (c *counting) Open(name string) (fs.File, error) {
	c.opened.Add(1)
	return c.MapFS.Open(name)
}

func (c *counting) ReadFile(name string) ([]byte, error) {
	c.opened.Add(1)
	return c.MapFS.ReadFile(name)
}

func TestReadEndsWithItsTime(t *testing.T) {
	fsys := &counting{MapFS: fstest.MapFS{}}
	var files []source.File
	for i := range 200 {
		name := fmt.Sprintf("%d.yaml", i)
		fsys.MapFS[name] = &fstest.MapFile{Data: []byte("# egresslint:ignore r -- why\n")}
		files = append(files, source.File{Name: name, Kind: source.YAML})
	}
	ctx := &countdown{Context: t.Context()}
	ctx.left.Store(20)
	_, err := suppress.Read(ctx, suppress.Input{Tree: source.NewTree(fsys), Files: files, Now: now})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if n := fsys.opened.Load(); n == 0 || n > 100 {
		t.Errorf("%d files were read", n)
	}
}

// Suppressions that are too many for the findings end by a limit that names their file,
// and the findings after it count.
func TestTooManySuppressions(t *testing.T) {
	const many = 60_000
	comments := "# egresslint:ignore r -- x\n" + strings.Repeat("# egresslint:ignore s -- x\n", many) + "a = 1\n"
	set := read(map[string]string{"main.tf": comments}, suppress.Input{Files: []source.File{{Name: "main.tf", Kind: source.Terraform}}})
	match := func(line int) bool {
		by, _ := set.Match(suppress.Finding{Rule: "r", Anchor: at("main.tf", line)})
		return by != nil
	}
	if !match(many + 2) {
		t.Fatal("the first finding is not suppressed")
	}
	suppressed := true
	for range 10_000 {
		suppressed = match(many + 2)
	}
	diagnostics := set.Diagnostics(suppress.Run{Known: []string{"r", "s"}, Ran: func(string) bool { return false }})
	if suppressed || len(diagnostics) != 1 || diagnostics[0].Kind != source.LimitReached || diagnostics[0].Range.File != "main.tf" {
		t.Errorf("the last finding is suppressed: %v, diagnostics %v", suppressed, diagnostics)
	}
}
