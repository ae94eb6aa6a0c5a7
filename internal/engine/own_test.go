package engine_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/policies"
)

// ownRule fires for each cluster, as often as its parameter says.
const ownRule = `# METADATA
# title: Own
# custom:
#   severity: warning
#   parameters:
#     names: {description: numbers of the findings, default: ["1"]}
#   messages: {one: "{cluster} {n}"}
#   remedies: {one: none}
package egresslint.rules.test["own"]

violation contains {"at": cluster.origin, "case": "one", "args": {"cluster": cluster.name, "n": n}, "key": [n]} if {
	some cluster in input.clusters
	some n in data.egresslint.parameters.own.names
}
`

func folder(pairs ...string) engine.PolicySource {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return engine.PolicySource{Name: "own", Path: "policies/own", FS: fsys}
}

// bundled packs policies as "opa build" does.
func bundled(t testing.TB, data map[string]any, pairs ...string) engine.PolicySource {
	t.Helper()
	b := bundle.Bundle{Data: data, Manifest: bundle.Manifest{}}
	b.Manifest.Init()
	b.SetRegoVersion(ast.RegoV1)
	for i := 0; i < len(pairs); i += 2 {
		parsed, err := ast.ParseModuleWithOpts(pairs[i], pairs[i+1], ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			t.Fatal(err)
		}
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: pairs[i], Path: pairs[i], Raw: []byte(pairs[i+1]), Parsed: parsed})
	}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		t.Fatal(err)
	}
	return engine.PolicySource{Name: "own.tar.gz", Path: "policies/own.tar.gz", Bundle: out.Bytes()}
}

func mustLoad(t *testing.T, sources ...engine.PolicySource) *engine.Policies {
	t.Helper()
	p, err := engine.LoadPolicies(t.Context(), sources, []string{"snat-missing"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// messages runs an engine over a model with one cluster.
func messages(t *testing.T, e *engine.Engine) []string {
	t.Helper()
	m := &model.Model{Clusters: []*model.Cluster{{Name: "prod", Origin: place.Origin{Ref: 1}}}}
	results, diagnostics := e.Run(t.Context(), mustValue(t, m))
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	var list []string
	for _, r := range results {
		list = append(list, r.Rule+": "+r.Message)
	}
	return list
}

func TestOwnRulesRunBesideTheBuiltIn(t *testing.T) {
	builtIn := mustNew(t, policies.FS, engine.Options{})
	for name, source := range map[string]engine.PolicySource{
		"folder": folder("a/own.rego", ownRule, ".git/x.rego", "no Rego"),
		"bundle": bundled(t, map[string]any{}, "/rules/own.rego", ownRule),
	} {
		t.Run(name, func(t *testing.T) {
			p := mustLoad(t, source)
			own, err := engine.NewOwn(t.Context(), policies.FS, p, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			both := builtIn.Join(own)
			if got, want := len(both.Rules()), len(builtIn.Rules())+1; got != want {
				t.Errorf("%d rules, want %d", got, want)
			}
			if diff := cmp.Diff([]string{"own: prod 1"}, messages(t, both)); diff != "" {
				t.Error(diff)
			}
			own, err = engine.NewOwn(t.Context(), policies.FS, p, engine.Options{
				Parameters: map[string]map[string]any{"own": {"names": []any{"a", "b"}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"own: prod a", "own: prod b"}, messages(t, own)); diff != "" {
				t.Error(diff)
			}
			off, err := engine.NewOwn(t.Context(), policies.FS, p, engine.Options{Disable: []string{"own"}})
			if err != nil || len(messages(t, off)) != 0 {
				t.Errorf("a disabled rule speaks, or %v", err)
			}
		})
	}
}

func TestOwnRulesReadTheDataOfBundles(t *testing.T) {
	rule := strings.Replace(ownRule, "data.egresslint.parameters.own.names", "data.acme.names", 1)
	p := mustLoad(t, bundled(t, map[string]any{"acme": map[string]any{"names": []any{"x"}}}), folder("own.rego", rule))
	own, err := engine.NewOwn(t.Context(), policies.FS, p, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"own: prod x"}, messages(t, own)); diff != "" {
		t.Error(diff)
	}
}

func TestLoadPoliciesRefuses(t *testing.T) {
	meta := func(old, changed string) engine.PolicySource {
		if !strings.Contains(ownRule, old) {
			t.Fatalf("the rule has no %q", old)
		}
		return folder("own.rego", strings.Replace(ownRule, old, changed, 1))
	}
	data := func(key string) map[string]any { return map[string]any{key: map[string]any{"x": true}} }
	tests := []struct {
		name    string
		sources []engine.PolicySource
		want    string
	}{
		{"not a bundle", []engine.PolicySource{{Name: "b", Bundle: []byte("x")}}, "read bundle b: want an OPA bundle"},
		{"gzip that is no tar", []engine.PolicySource{{Name: "b", Bundle: zipped(t, "x")}}, "read bundle b: "},
		{"empty bundle", []engine.PolicySource{bundled(t, map[string]any{})}, "own.tar.gz holds no Rego files"},
		{"data of egresslint", []engine.PolicySource{bundled(t, data("egresslint"), "/a.rego", "package acme\n\nx := 1\n")}, "is egresslint's own"},
		{"data twice", []engine.PolicySource{bundled(t, data("acme"), "/a.rego", "package a\n\nx := 1\n"), bundled(t, data("acme"), "/b.rego", "package b\n\nx := 1\n")}, "in another bundle too"},
		{"id twice", []engine.PolicySource{folder("a.rego", ownRule, "b.rego", strings.Replace(ownRule, "rules.test", "rules.more", 1))}, `own/b.rego:9:1: load rule: another rule has the id "own": own/a.rego:9:1`},
		{"id of a built-in rule", []engine.PolicySource{meta(`["own"]`, `["snat-missing"]`)}, "a built-in rule has it"},
		{"id that is no word", []engine.PolicySource{meta(`["own"]`, `["Own\"]"]`)}, "want lower-case words"},
		{"category that is no word", []engine.PolicySource{meta(`rules.test["own"]`, `rules["a-b"]["own"]`)}, "category"},
		{"other id in METADATA", []engine.PolicySource{meta("# custom:\n", "# custom:\n#   id: other\n")}, `custom.id is "other", the package says "own"`},
		{"unknown key", []engine.PolicySource{meta("# custom:\n", "# custom:\n#   severty: note\n")}, `unknown field "severty"`},
		{"no title", []engine.PolicySource{meta("# title: Own\n", "# scope: package\n")}, "title is required"},
		{"script for a link", []engine.PolicySource{meta("# custom:\n", "# related_resources:\n# - ref: javascript:alert(1)\n# custom:\n")}, "no http or https address"},
		{"parameter without a default", []engine.PolicySource{meta(`, default: ["1"]`, "")}, "custom.parameters.names: default must be"},
		{"parameter without a description", []engine.PolicySource{meta("description: numbers of the findings, ", "")}, "description is required"},
		{"parameter that is nested", []engine.PolicySource{meta(`["1"]`, `[["1"]]`)}, "default must be"},
		{"parameter with another name", []engine.PolicySource{meta("names:", "the-names:")}, "is no name"},
		{"remedy without a message", []engine.PolicySource{meta("{one: none}", "{one: none, two: x}")}, `custom.messages has no "two"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := engine.LoadPolicies(t.Context(), tt.sources, []string{"snat-missing"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParametersAreChecked(t *testing.T) {
	rule := mustLoad(t, folder("own.rego", ownRule)).Rules()[0]
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"names", []any{"a"}, ""},
		{"names", []any{}, ""},
		{"names", "a", `parameter "names" of rule own: want a list, found a text`},
		{"names", []any{1.0}, "want a text in the list, found a number"},
		{"name", []any{"a"}, `rule own has no parameter "name", did you mean "names"?`},
	}
	for _, tt := range tests {
		got := ""
		if err := rule.CheckParameter(tt.name, tt.value); err != nil {
			got = err.Error()
		}
		if got == "" != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s = %v: got %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

// A rule that does not come to an end is stopped, and the others go on.
func TestOwnRuleThatTakesTooLong(t *testing.T) {
	slow := strings.ReplaceAll(ownRule, "own", "slow")
	slow = strings.Replace(slow, "some cluster", "some a in numbers.range(1, 30000)\n\tsome b in numbers.range(1, 30000)\n\ta * b == -1\n\tsome cluster", 1)
	own, err := engine.NewOwn(t.Context(), policies.FS, mustLoad(t, folder("own.rego", ownRule, "slow.rego", slow)), engine.Options{RuleTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m := &model.Model{Clusters: []*model.Cluster{{Name: "prod", Origin: place.Origin{Ref: 1}}}}
	results, diagnostics := own.Run(t.Context(), mustValue(t, m))
	if len(results) != 1 || len(diagnostics) != 1 || diagnostics[0].Message != "evaluate rule slow: took longer than 200ms" {
		t.Errorf("got %v and %v", results, diagnostics)
	}
}

// Whatever functions later versions of OPA bring, a rule of a project's own gets
// none that reads anything but its arguments.
func TestOwnRulesOnlyCompute(t *testing.T) {
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		// Deprecated functions cannot be called at all.
		if !b.Nondeterministic || b.IsDeprecated() {
			continue
		}
		var args []string
		for i := range b.Decl.Arity() {
			args = append(args, fmt.Sprintf("input.clusters[%d].name", i))
		}
		rule := strings.Replace(ownRule, "some cluster", b.Name+"("+strings.Join(args, ", ")+")\n\tsome cluster", 1)
		_, err := engine.NewOwn(t.Context(), policies.FS, mustLoad(t, folder("own.rego", rule)), engine.Options{})
		if err == nil || !strings.Contains(err.Error(), "own/own.rego:12:2: compile policy: undefined function "+b.Name) {
			t.Errorf("%s: got %v", b.Name, err)
		}
	}
}

func TestRunOfTests(t *testing.T) {
	tests := `package own_test

import data.egresslint.rules.test.own

test_fires if count(own.violation) == 1 with input as {"clusters": [{"name": "c", "origin": {"ref": 1}}]}

test_wrong if {
	some x in [1, 2]
	x == 3
}

test_broken if to_number("x") == 1

test_cases[note] if {
	some note, tc in {"one": 1, "two": 2}
	tc == 1
}
`
	run, err := engine.Test(t.Context(), policies.FS, mustLoad(t, folder("own.rego", ownRule, "own_test.rego", tests)), engine.TestOptions{Coverage: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range run.Results {
		text := ""
		if r.Err != nil {
			text = r.Err.Error()
		}
		got = append(got, fmt.Sprintf("%s:%d %s %d %d %s %s", r.File, r.Line, r.Name, r.Outcome, r.FailedLine, r.Failed, text))
	}
	want := []string{
		"own/own_test.rego:5 test_fires 0 0  ",
		"own/own_test.rego:7 test_wrong 1 9 x == 3 ",
		`own/own_test.rego:12 test_broken 1 12 to_number("x") own/own_test.rego:12:16: to_number: it has no result for its arguments`,
		"own/own_test.rego:14 test_cases 1 16 tc == 1 failed cases: two",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if run.Coverage != 100 || len(run.Uncovered) > 0 {
		t.Errorf("coverage %v, %v", run.Coverage, run.Uncovered)
	}
}

// A bundle comes from a pull request: whatever its bytes are, it must be read or
// refused.
func FuzzLoadBundle(f *testing.F) {
	f.Add(bundled(f, map[string]any{}, "/rules/own.rego", ownRule).Bundle)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := engine.LoadPolicies(t.Context(), []engine.PolicySource{{Name: "b", Bundle: data}}, nil)
		if err == nil && p == nil {
			t.Error("neither policies nor an error")
		}
	})
}

// FuzzLoadFolder is the same for a file.
func FuzzLoadFolder(f *testing.F) {
	f.Add(ownRule)
	f.Add("package a")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := engine.LoadPolicies(t.Context(), []engine.PolicySource{folder("a.rego", text)}, nil)
		if err != nil {
			return
		}
		// What compiles has as many rules as were loaded.
		if own, err := engine.NewOwn(t.Context(), policies.FS, p, engine.Options{}); err == nil && len(own.Rules()) != len(p.Rules()) {
			t.Errorf("%d rules of %d", len(own.Rules()), len(p.Rules()))
		}
	})
}

// BenchmarkNewOwn is what a rule of a project's own adds to a run's start.
func BenchmarkNewOwn(b *testing.B) {
	for b.Loop() {
		p, err := engine.LoadPolicies(b.Context(), []engine.PolicySource{folder("own.rego", ownRule)}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := engine.NewOwn(b.Context(), policies.FS, p, engine.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
