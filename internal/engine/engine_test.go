package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/policies"
)

// metadata is a complete METADATA block for the rule test/sample.
const metadata = `# METADATA
# scope: package
# title: A sample
# description: Shows how rules are written.
# related_resources:
# - ref: https://example.com/facts
#   description: Facts
# custom:
#   id: sample
#   category: test
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     one: "{name} is blocked by {by}"
#   remedies:
#     one: unblock {name}
#   help:
#     effect: It is blocked.
#     fix: Unblock it.
#     levels: Always an error.
#     silent: Never.
`

const sample = metadata + `package egresslint.rules.test["sample"]

violation contains {
	"at": thing.origin,
	"case": "one",
	"args": {"name": thing.name, "by": thing.by},
	"key": [thing.name],
} if some thing in input.things
`

// files makes policies of path and text pairs.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{"lib": {Mode: fs.ModeDir}, "rules": {Mode: fs.ModeDir}}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

// other is the sample under another id.
func other(text, id string) (path, renamed string) {
	return "rules/test/" + id + "/rule.rego", strings.ReplaceAll(text, "sample", id)
}

type origin struct {
	Ref int `json:"ref"`
}

type thing struct {
	Name   string   `json:"name"`
	By     []string `json:"by"`
	Origin origin   `json:"origin"`
}

type things struct {
	Things []thing `json:"things"`
}

func mustNew(t *testing.T, fsys fs.FS, opts engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.New(fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustValue(t testing.TB, v any) ast.Value {
	t.Helper()
	value, err := engine.Value(v)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestRunRendersResultsInOrder(t *testing.T) {
	e := mustNew(t, files("rules/test/sample/rule.rego", sample), engine.Options{})
	input := mustValue(t, things{[]thing{
		{Name: "second", By: []string{"a", "b", "c"}, Origin: origin{7}},
		{Name: "first", By: []string{"a"}, Origin: origin{3}},
		{Name: "third", By: []string{"1", "2", "3", "4", "5", "6", "7"}, Origin: origin{7}},
	}})
	results, diagnostics := e.Run(t.Context(), input)
	if len(diagnostics) > 0 {
		t.Fatalf("diagnostics: %v", diagnostics)
	}
	want := []engine.Result{
		{Rule: "sample", Severity: finding.Error, At: 3, Case: "one", Message: "first is blocked by a", Remedy: "unblock first", Key: []string{"first"}},
		{Rule: "sample", Severity: finding.Error, At: 7, Case: "one", Message: "second is blocked by a, b and c", Remedy: "unblock second", Key: []string{"second"}},
		{Rule: "sample", Severity: finding.Error, At: 7, Case: "one", Message: "third is blocked by 1, 2, 3, 4, 5 … and 2 more", Remedy: "unblock third", Key: []string{"third"}},
	}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestRunReadsLevelAndRelated(t *testing.T) {
	rule := metadata + `package egresslint.rules.test["sample"]

violation contains {
	"at": {"ref": 1},
	"level": "note",
	"case": "one",
	"args": {"name": 5, "by": []},
	"key": [],
	"related": [
		{"at": {"ref": 0}, "text": "nowhere"},
		{"at": {"ref": 2}, "text": "there"},
		{"at": {"ref": 1}, "text": "the same place"},
		{"at": {"ref": 2}, "text": "there"},
	],
}
`
	results, diagnostics := mustNew(t, files("rules/test/sample/rule.rego", rule), engine.Options{}).Run(t.Context(), mustValue(t, things{}))
	want := []engine.Result{{
		Rule: "sample", Severity: finding.Note, At: 1, Case: "one", Message: "5 is blocked by ", Remedy: "unblock 5",
		Related: []engine.RelatedRef{{At: 2, Text: "there"}},
	}}
	if diff := cmp.Diff(want, results); diff != "" || len(diagnostics) > 0 {
		t.Errorf("diagnostics %v, results (-want +got):\n%s", diagnostics, diff)
	}
}

func TestRunIsDeterministic(t *testing.T) {
	path, second := other(sample, "another")
	e := mustNew(t, files("rules/test/sample/rule.rego", sample, path, second), engine.Options{})
	var input things
	for i := range 200 {
		input.Things = append(input.Things, thing{Name: fmt.Sprint("thing ", i%50), By: []string{fmt.Sprint(i)}, Origin: origin{1 + i%20}})
	}
	first, _ := e.Run(t.Context(), mustValue(t, input))
	if len(first) != 400 {
		t.Fatalf("got %d results, want 400", len(first))
	}
	for range 10 {
		slices.Reverse(input.Things)
		again, _ := e.Run(t.Context(), mustValue(t, input))
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatalf("another order of the input gives other results:\n%s", diff)
		}
	}
}

// A rule that fails must be named, and must not take the others with it.
func TestFailingRuleIsIsolated(t *testing.T) {
	const head = `package egresslint.rules.test["bad"]

violation contains {`
	bad := func(text string) string { return strings.ReplaceAll(metadata, "sample", "bad") + text }
	violation := func(fields string) string { return bad(head + fields + "}\n") }
	tests := []struct {
		name, rule, want string
	}{
		{"built-in error", bad("package egresslint.rules.test[\"bad\"]\n\nviolation contains {\"at\": to_number(input.things[0].name)}\n"), "rule.rego:25:27: to_number: it has no result"},
		{"conflict", bad("package egresslint.rules.test[\"bad\"]\n\nviolation contains {\"at\": x}\n\nx := thing.name if some thing in input.things\n"), "has two values"},
		{"not a set", bad("package egresslint.rules.test[\"bad\"]\n\nviolation := 1\n"), "violation is not a set"},
		{"not an object", bad("package egresslint.rules.test[\"bad\"]\n\nviolation contains 1\n"), "not an object"},
		{"no place", violation(`"at": {"ref": 0}, "case": "one", "args": {"name": "x", "by": "y"}, "key": []`), "at is no place"},
		{"at missing", violation(`"case": "one", "args": {}, "key": []`), "at is not an object"},
		{"fractional ref", violation(`"at": {"ref": 1.5}, "case": "one", "args": {}, "key": []`), "at.ref is not an integer"},
		{"unknown case", violation(`"at": {"ref": 1}, "case": "two", "args": {}, "key": []`), `no message for case "two"`},
		{"unknown level", violation(`"at": {"ref": 1}, "level": "fatal", "case": "one", "args": {}, "key": []`), "level"},
		{"argument missing", violation(`"at": {"ref": 1}, "case": "one", "args": {"by": "y"}, "key": []`), `no argument "name"`},
		{"argument of a wrong type", violation(`"at": {"ref": 1}, "case": "one", "args": {"name": {"x": 1}, "by": "y"}, "key": []`), "want a string, a number or an array"},
		{"key of a wrong type", violation(`"at": {"ref": 1}, "case": "one", "args": {"name": "x", "by": "y"}, "key": [1]`), "key[0] is not valid"},
		{"related of a wrong type", violation(`"at": {"ref": 1}, "case": "one", "args": {"name": "x", "by": "y"}, "key": [], "related": [{"at": 1}]`), "related[0] is not valid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := mustNew(t, files("rules/test/sample/rule.rego", sample, "rules/test/bad/rule.rego", tt.rule), engine.Options{})
			input := mustValue(t, things{[]thing{
				{Name: "x", By: []string{}, Origin: origin{1}},
				{Name: "y", By: []string{}, Origin: origin{2}},
			}})
			results, diagnostics := e.Run(t.Context(), input)
			if len(results) != 2 || results[0].Rule != "sample" {
				t.Errorf("the other rule gave %v", results)
			}
			if len(diagnostics) != 1 {
				t.Fatalf("diagnostics: %v, want one", diagnostics)
			}
			d := diagnostics[0]
			if d.Kind != source.PolicyError || !strings.HasPrefix(d.Message, "evaluate rule bad: ") || !strings.Contains(d.Message, tt.want) || strings.Contains(d.Message, "\n") {
				t.Errorf("got %s %q, want %q in it", d.Kind, d.Message, tt.want)
			}
		})
	}
}

func TestOneBadViolationKeepsTheOthers(t *testing.T) {
	e := mustNew(t, files("rules/test/sample/rule.rego", sample), engine.Options{})
	input := mustValue(t, things{[]thing{{Name: "placed", Origin: origin{1}}, {Name: "nowhere"}}})
	results, diagnostics := e.Run(t.Context(), input)
	if len(results) != 1 || results[0].Key[0] != "placed" || len(diagnostics) != 1 {
		t.Errorf("got %v and %v, want the placed result and one diagnostic", results, diagnostics)
	}
}

// endless takes far longer than any test: 10^12 steps.
const endless = `package egresslint.rules.test["slow"]

violation contains {"at": {"ref": a + b + c + d}} if {
	some a in numbers.range(1, 1000)
	some b in numbers.range(1, 1000)
	some c in numbers.range(1, 1000)
	some d in numbers.range(1, 1000)
	a + b + c + d < 0
}
`

func TestSlowRuleIsStopped(t *testing.T) {
	slow := strings.ReplaceAll(metadata, "sample", "slow") + endless
	fsys := files("rules/test/sample/rule.rego", sample, "rules/test/slow/rule.rego", slow)
	input := mustValue(t, things{[]thing{{Name: "x", Origin: origin{1}}}})

	e := mustNew(t, fsys, engine.Options{RuleTimeout: 20 * time.Millisecond})
	results, diagnostics := e.Run(t.Context(), input)
	if len(results) != 1 || len(diagnostics) != 1 || diagnostics[0].Message != "evaluate rule slow: took longer than 20ms" {
		t.Errorf("got %v and %v", results, diagnostics)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, diagnostics = mustNew(t, fsys, engine.Options{}).Run(ctx, input)
	want := source.Diagnostic{Kind: source.LimitReached, Message: "evaluate rule slow: the time of the run was over"}
	if !slices.Contains(diagnostics, want) {
		t.Errorf("without time for the run: %v", diagnostics)
	}
}

func TestNewRefuses(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(sample, from) {
			t.Fatalf("the sample has no %q", from)
		}
		return strings.Replace(sample, from, to, 1)
	}
	tests := []struct {
		name, rule, want string
	}{
		{"syntax error", "package x\n\nviolation contains", "rules/test/sample/rule.rego:3:"},
		{"no metadata", "package egresslint.rules.test[\"sample\"]\n", "no METADATA"},
		{"unknown key", edit("#   since:", "#   sinse: x\n#   since:"), `unknown field "sinse"`},
		{"unknown help", edit("#     silent:", "#     why: x\n#     silent:"), `unknown field "why"`},
		{"misspelt title", edit("# title:", "# titel:"), "title, description"},
		{"no description", edit("# description: Shows how rules are written.\n", ""), "title, description"},
		{"no help", edit("#     fix: Unblock it.\n", ""), "custom.help wants"},
		{"other id", edit("id: sample", "id: simple"), `custom.id is "simple"`},
		{"other category", edit("category: test", "category: none"), `custom.category is "none"`},
		{"severity", edit("severity: error", "severity: fatal"), `parse severity "fatal"`},
		{"precision", edit("precision: high", "precision: exact"), `custom.precision is "exact"`},
		{"no messages", edit("#   messages:\n#     one: \"{name} is blocked by {by}\"\n", ""), "custom.messages is empty"},
		{"no remedy", edit("#     one: unblock {name}", "#     two: unblock {name}"), `custom.remedies has no "one"`},
		{"remedy without message", edit("#     one: unblock {name}", "#     one: unblock {name}\n#     two: x"), `custom.messages has no "two"`},
		{"open brace", edit("unblock {name}", "unblock {name"), "custom.remedies.one: parse template"},
		{"closing brace", edit("unblock {name}", "unblock name}"), "} without {"},
		{"empty name", edit("unblock {name}", "unblock {}"), "parse template"},
		{"name with a space", edit("unblock {name}", "\"unblock {a name}\""), "parse template"},
		{"empty message", edit(`"{name} is blocked by {by}"`, `""`), "no text"},
		{"package", edit(`package egresslint.rules.test["sample"]`, `package egresslint.other`), "want egresslint.rules"},
		{"type error", edit("thing.origin", "1 + thing.name.x.y + \"a\""), "invalid argument"},
		{"unsafe variable", edit("thing.origin", "nothing"), "nothing"},
		{"unused import", edit("violation contains", "import data.egresslint.lib.x\n\nviolation contains"), "import"},
	}
	for _, builtin := range []string{`http.send({})`, `opa.runtime()`, `time.now_ns()`, `rand.intn("x", 2)`, `net.lookup_ip_addr("x")`, `uuid.rfc4122("x")`, `io.jwt.decode("x")`} {
		name, _, _ := strings.Cut(builtin, "(")
		tests = append(tests, struct{ name, rule, want string }{name, edit("thing.origin", builtin), "undefined function " + name})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := engine.New(files("rules/test/sample/rule.rego", tt.rule), engine.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want an error with %q on one line", err, tt.want)
			}
		})
	}
	t.Run("two rules with one id", func(t *testing.T) {
		second := strings.NewReplacer("category: test", "category: more", "rules.test[", "rules.more[").Replace(sample)
		_, err := engine.New(files("rules/test/sample/rule.rego", sample, "rules/more/sample/rule.rego", second), engine.Options{})
		if err == nil || !strings.Contains(err.Error(), `two rules have the id "sample"`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no directories", func(t *testing.T) {
		if _, err := engine.New(fstest.MapFS{}, engine.Options{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
	})
}

func TestOptionsSelectRules(t *testing.T) {
	secondPath, second := other(sample, "second")
	thirdPath, third := other(sample, "third")
	// Only enabled rules are compiled, so this one may not compile at all.
	brokenPath, broken := other(strings.Replace(sample, "thing.origin", "http.send({})", 1), "broken")
	fsys := files("rules/test/sample/rule.rego", sample, secondPath, second, thirdPath, third, brokenPath, broken)
	input := mustValue(t, things{[]thing{{Name: "x", Origin: origin{1}}}})

	tests := []struct {
		name string
		opts engine.Options
		want []string
	}{
		{"disable", engine.Options{Disable: []string{"broken"}}, []string{"sample", "second", "third"}},
		{"only", engine.Options{Only: []string{"third", "sample"}}, []string{"sample", "third"}},
		{"both", engine.Options{Only: []string{"third", "sample"}, Disable: []string{"sample"}}, []string{"third"}},
		{"nothing left", engine.Options{Only: []string{"third"}, Disable: []string{"third"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := mustNew(t, fsys, tt.opts)
			var enabled, all, ran []string
			for _, r := range e.Rules() {
				all = append(all, r.ID)
				if r.Enabled {
					enabled = append(enabled, r.ID)
				}
			}
			results, _ := e.Run(t.Context(), input)
			for _, r := range results {
				ran = append(ran, r.Rule)
			}
			if !slices.Equal(enabled, tt.want) || !slices.Equal(ran, tt.want) {
				t.Errorf("enabled %v, ran %v, want %v", enabled, ran, tt.want)
			}
			if want := []string{"broken", "sample", "second", "third"}; !slices.Equal(all, want) {
				t.Errorf("Rules lists %v, want %v", all, want)
			}
		})
	}

	for _, opts := range []engine.Options{{Only: []string{"smaple"}}, {Disable: []string{"smaple"}}} {
		_, err := engine.New(fsys, opts)
		var unknown *engine.UnknownRuleError
		if !errors.As(err, &unknown) || unknown.ID != "smaple" || !slices.Equal(unknown.Known, []string{"broken", "sample", "second", "third"}) {
			t.Errorf("got %v, want an UnknownRuleError with the known ids", err)
		}
	}
}

func TestRulesNeedNoCompilation(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	e := mustNew(t, policies.FS, engine.Options{})
	compiled := e.Rules()
	if len(rules) == 0 || len(rules) != len(compiled) {
		t.Fatalf("%d rules, compiled %d", len(rules), len(compiled))
	}
	for i := range rules {
		if rules[i].ID != compiled[i].ID || rules[i].Help != compiled[i].Help {
			t.Errorf("rule %d is %s, compiled %s", i, rules[i].ID, compiled[i].ID)
		}
	}
}

func TestMetadataBecomesRule(t *testing.T) {
	rules, err := engine.Rules(files("rules/test/sample/rule.rego", sample))
	if err != nil {
		t.Fatal(err)
	}
	want := engine.Rule{
		ID:          "sample",
		Title:       "A sample",
		Description: "Shows how rules are written.",
		Category:    "test",
		Severity:    finding.Error,
		Precision:   "high",
		Since:       "0.1.0",
		Help: "## What happens\n\nIt is blocked.\n\n## How to fix it\n\nUnblock it.\n\n" +
			"## Severity\n\nAlways an error.\n\n## When the rule is silent\n\nNever.",
		References: []string{"https://example.com/facts"},
		DocsURL:    "https://github.com/egresslint/egresslint/blob/main/docs/rules/sample.md",
	}
	if diff := cmp.Diff([]engine.Rule{want}, rules, ignoreUnexported); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

var ignoreUnexported = cmp.FilterPath(func(p cmp.Path) bool {
	name := p.Last().String()
	return strings.HasPrefix(name, ".") && strings.ToLower(name[1:2]) == name[1:2]
}, cmp.Ignore())
