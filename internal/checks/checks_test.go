package checks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

// at is a place on a line.
func at(file string, line int) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: line, Column: 1}, End: source.Pos{Line: line, Column: 2}}
}

// configured are checks with a configuration.
func configured(t *testing.T, text string) *checks.Checks {
	t.Helper()
	c := &checks.Checks{Config: "c.yaml"}
	keys, err := config.Keys(&config.File{Name: c.Config, Data: []byte(text)})
	if err != nil {
		c.Unread = err.Error()
	}
	c.Keys = keys
	return c
}

func render(changes []checks.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s\n", c.Kind, c.At, c.Text)
	}
	return b.String()
}

func TestConfiguration(t *testing.T) {
	const suppression = "suppressions:\n- {rules: [a-b], files: [m/**], reason: not ours, until: 2030-01-01}\n"
	tests := map[string]struct{ before, now, want string }{
		"nothing":          {"exclude: [a]\nfailOn: error\n", "# said otherwise\nfailOn: 'error'\nexclude:\n- a\n", ""},
		"excludes":         {"exclude: [a]", "exclude: [a, \"legacy/**\"]", "configuration c.yaml:1:14: excludes legacy/**\n"},
		"excludes less":    {"exclude: [a, b]", "exclude: [a]", "configuration c.yaml:1:11: no longer excludes b\n"},
		"excludes nothing": {"exclude: [a, b]", "", "configuration c.yaml: no longer excludes a\nconfiguration c.yaml: no longer excludes b\n"},
		"other order": {
			"stacks: [{name: a, dir: b, varFiles: [x, y]}]", "stacks: [{name: a, dir: b, varFiles: [y, x]}]",
			"configuration c.yaml:1:39: changes the order of stacks[a].varFiles\n",
		},
		"the same text twice":  {"exclude: [a]", "exclude: [a, a]", "configuration c.yaml:1:14: excludes a\n"},
		"off":                  {"", "rules: {snat-missing: {severity: off}}", "configuration c.yaml:1:24: switches rule snat-missing off\n"},
		"off now":              {"rules: {snat-missing: {severity: note}}", "rules: {snat-missing: {severity: off}}", "configuration c.yaml:1:24: switches rule snat-missing off\n"},
		"on":                   {"rules: {snat-missing: {severity: off}}", "rules: {snat-missing: {severity: note}}", "configuration c.yaml:1:24: switches rule snat-missing on, as note\n"},
		"off no longer":        {"rules: {snat-missing: {severity: off}}", "", "configuration c.yaml: no longer switches rule snat-missing off\n"},
		"lowered":              {"rules: {snat-missing: {severity: error}}", "rules: {snat-missing: {severity: warning}}", "configuration c.yaml:1:24: lowers rule snat-missing from error to warning\n"},
		"lowered from its own": {"", "rules: {snat-missing: {severity: note}}", "configuration c.yaml:1:24: lowers rule snat-missing from error to note\n"},
		"raised":               {"rules: {x: {severity: note}}", "rules: {x: {severity: error}}", "configuration c.yaml:1:13: raises rule x from note to error\n"},
		"rule of nobody":       {"", "rules: {x: {severity: note}}", "configuration c.yaml:1:13: sets rules.x.severity to note\n"},
		"lowered no longer":    {"rules: {x: {severity: error}}", "rules: {}", "configuration c.yaml: no longer sets the severity of rule x, which was error\n"},
		"paths":                {"paths: [infra, k8s]", "paths: [infra]", "configuration c.yaml:1:9: no longer names paths k8s\n"},
		"policies":             {"policies: [own]", "failOn: error", "configuration c.yaml: no longer names policies own\nconfiguration c.yaml:1:1: sets failOn to error\n"},
		"internet": {
			"clusters: [{name: prod, internet: true}]", "clusters: [{name: prod, internet: false}]",
			"configuration c.yaml:1:25: changes clusters[prod].internet from true to false\n",
		},
		"cluster": {
			"", "clusters: [{name: prod, network: {networkPolicy: off}}]",
			"configuration c.yaml:1:12: adds clusters[prod]\nconfiguration c.yaml:1:35: sets clusters[prod].network.networkPolicy to off\n",
		},
		"policies that are enforced": {
			"clusters: [{name: prod, network: {networkPolicy: {enforces: [CiliumNetworkPolicy]}}}]", "clusters: [{name: prod}]",
			"configuration c.yaml:1:12: removes CiliumNetworkPolicy from clusters[prod].network.networkPolicy.enforces\n",
		},
		"cluster gone": {"clusters: [{name: prod, internet: false}, {name: b}]", "clusters: [{name: b}]", "configuration c.yaml: removes clusters[prod]\n"},
		"failOn":       {"failOn: warning", "failOn: never", "configuration c.yaml:1:1: changes failOn from warning to never\n"},
		"unknowns":     {"unknowns: fail", "unknowns: ignore", "configuration c.yaml:1:1: changes unknowns from fail to ignore\n"},
		"baseline":     {"baseline: a.json", "baseline: b.json", "configuration c.yaml:1:1: changes baseline from a.json to b.json\n"},
		"domains":      {"", "privateDomains: [example.com]", "configuration c.yaml:1:18: adds example.com to privateDomains\n"},
		"targets":      {"targets: [{name: p, hosts: [a.b]}]", "targets: [{name: p, hosts: [a.b], allow: [10.0.0.1]}]", "configuration c.yaml:1:43: adds 10.0.0.1 to targets[p].allow\n"},
		"requirement": {
			"requirements: [{from: a/b, to: [internet, rds/x]}]", "requirements: [{from: a/b, to: [internet]}]",
			"configuration c.yaml:1:33: removes rds/x from requirements[a/b].to\n",
		},
		"helm": {
			"helm: [{chart: c, values: [v.yaml]}]", "helm: [{chart: c, values: [w.yaml]}]",
			"configuration c.yaml:1:28: adds w.yaml to helm[c].values\nconfiguration c.yaml:1:28: removes v.yaml from helm[c].values\n",
		},
		"variables are not printed": {
			"stacks: [{name: a, dir: b, vars: {p: hunter1}}]", "stacks: [{name: a, dir: b, vars: {p: hunter2, q: hunter3}}]",
			"configuration c.yaml:1:35: changes stacks[a].vars.p\nconfiguration c.yaml:1:47: sets stacks[a].vars.q\n",
		},
		"parameters are not printed": {
			"rules: {x: {parameters: {p: 1, q: [1]}}}", "rules: {x: {parameters: {q: [1, 2]}}}",
			"configuration c.yaml: no longer sets rules.x.parameters.p\nconfiguration c.yaml:1:33: adds a value to rules.x.parameters.q\n",
		},
		"suppression":         {"", suppression, "suppression c.yaml:2:3: suppresses a-b in m/** until 2030-01-01: not ours\n"},
		"suppression of more": {suppression, strings.Replace(suppression, "[a-b]", "[a-b, c]", 1), "suppression c.yaml:2:3: suppresses a-b, c in m/** until 2030-01-01: not ours\n"},
		"suppression for longer": {
			suppression, strings.Replace(suppression, "2030", "2040", 1),
			"configuration c.yaml:2:51: changes suppressions[a-b m/**].until from 2030-01-01 to 2040-01-01\n",
		},
		"suppression without an end": {
			suppression, strings.Replace(suppression, ", until: 2030-01-01", "", 1),
			"configuration c.yaml:2:3: no longer sets suppressions[a-b m/**].until, which was 2030-01-01\n",
		},
		"suppression removed": {suppression, "suppressions: []", ""},
		"address with dots":   {"", "suppressions: [{rules: [a], address: 'module.a[\"x\"].b'}]", "suppression c.yaml:1:16: suppresses a of module.a[\"x\"].b, without a reason\n"},
		"broken before":       {"a: [", "exclude: [a]", "configuration c.yaml: changes the configuration, which could not be compared: it is no valid YAML\n"},
		"a bomb":              {"", "a: &a {b: *a}", "configuration c.yaml: changes the configuration, which could not be compared: it has too many keys\n"},
		"long":                {"", "failOn: " + strings.Repeat("x", 1000), "configuration c.yaml:1:1: sets failOn to " + strings.Repeat("x", 99) + "…\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			between := &checks.Between{Severity: map[string]finding.Severity{"snat-missing": finding.Error}}
			got := checks.Compare(configured(t, test.before), configured(t, test.now), between)
			if diff := cmp.Diff(test.want, render(got)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigurationFile(t *testing.T) {
	none := &checks.Checks{}
	elsewhere := configured(t, "failOn: never")
	elsewhere.Config = "sub/c.yaml"
	tests := map[string]struct {
		before, now *checks.Checks
		former      map[string]string
		want        string
	}{
		"added":   {none, configured(t, ""), nil, "configuration c.yaml: adds this configuration\n"},
		"removed": {configured(t, "failOn: note"), none, nil, "configuration c.yaml: no longer sets failOn, which was note\nconfiguration c.yaml: removes this configuration\n"},
		"another": {configured(t, "failOn: never"), elsewhere, nil, "configuration sub/c.yaml: makes this the configuration in place of c.yaml\n"},
		"moved":   {configured(t, "failOn: never"), elsewhere, map[string]string{"sub/c.yaml": "c.yaml"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := checks.Compare(test.before, test.now, &checks.Between{Former: test.former})
			if diff := cmp.Diff(test.want, render(got)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	comment := func(file string, line int, subject string) suppress.Written {
		return suppress.Written{Rules: []string{"a", "b"}, Reason: "r", At: at(file, line), Subject: subject}
	}
	annotation := func(name, value, owner string) checks.Annotation {
		return checks.Annotation{Name: name, Value: value, Owner: owner, At: at("k.yaml", 5)}
	}
	entry := func(count int) baseline.Entry {
		return baseline.Entry{Rule: "a", File: "m.tf", Address: "x.y", Count: count, At: at("b.json", 3)}
	}
	owners := map[string]source.Range{"Pod/a": at("k.yaml", 1)}
	moved := map[string]string{"new.tf": "m.tf"}
	tests := map[string]struct {
		before, now checks.Checks
		between     checks.Between
		want        string
	}{
		"comment": {
			now:  checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}},
			want: "suppression m.tf:3:1: suppresses a, b: r\n",
		},
		"comment further down": {
			before: checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}},
			now:    checks.Checks{Comments: []suppress.Written{comment("m.tf", 9, "x")}},
		},
		"comment of another block": {
			before: checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}},
			now:    checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "y")}},
			want:   "suppression m.tf:3:1: suppresses a, b: r\n",
		},
		"comment twice": {
			before: checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}},
			now:    checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x"), comment("m.tf", 9, "x")}},
			want:   "suppression m.tf:9:1: suppresses a, b: r\n",
		},
		"comment of a file that moved": {
			before:  checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}},
			now:     checks.Checks{Comments: []suppress.Written{comment("new.tf", 3, "x")}},
			between: checks.Between{Former: moved},
		},
		"comment removed": {before: checks.Checks{Comments: []suppress.Written{comment("m.tf", 3, "x")}}},
		"annotation that suppresses": {
			now:  checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/ignore", "a until=2030-01-01 -- r", "Pod/a")}, Owners: owners},
			want: "annotation k.yaml:5:1: sets egresslint.io/ignore of Pod/a, which suppresses a until 2030-01-01: r\n",
		},
		"annotation changed": {
			before: checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a")}},
			now:    checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "y", "Pod/a")}, Owners: owners},
			want:   "annotation k.yaml:5:1: changes egresslint.io/egress of Pod/a\n",
		},
		"annotation of several objects": {
			now:  checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a"), annotation("egresslint.io/egress", "x", "Pod/b")}},
			want: "annotation k.yaml:5:1: sets egresslint.io/egress of Pod/a\n",
		},
		"annotation kept": {
			before: checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a")}},
			now:    checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a")}, Owners: owners},
		},
		"annotation removed": {
			before: checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a"), annotation("egresslint.io/ignore", "x", "Pod/a")}},
			now:    checks.Checks{Owners: owners},
			want:   "annotation k.yaml:1:1: removes egresslint.io/egress from Pod/a\n",
		},
		"annotation of an object that is gone": {
			before: checks.Checks{Annotations: []checks.Annotation{annotation("egresslint.io/egress", "x", "Pod/a")}},
		},
		"baseline": {
			before: checks.Checks{Baseline: []baseline.Entry{entry(1)}},
			now:    checks.Checks{Baseline: []baseline.Entry{entry(3)}},
			want:   "baseline b.json:3:1: takes a of x.y in m.tf into the baseline (2 times)\n",
		},
		"baseline shrinks": {before: checks.Checks{Baseline: []baseline.Entry{entry(2)}}, now: checks.Checks{Baseline: []baseline.Entry{entry(1)}}},
		"policies": {
			before: checks.Checks{Policies: map[string]string{"p/a.rego": "1", "p/b.rego": "1", "p/c.rego": "1"}},
			now:    checks.Checks{Policies: map[string]string{"p/a.rego": "2", "p/b.rego": "1", "p/d.rego": "1"}},
			want:   "policy p/a.rego: changes rules in p/a.rego\npolicy p/c.rego: no longer runs the rules in p/c.rego\npolicy p/d.rego: adds rules in p/d.rego\n",
		},
		"linted no longer": {
			before:  checks.Checks{Linted: []string{"k.yaml", "m.tf", "x.tf"}},
			between: checks.Between{Former: moved, Unlinted: map[string]string{"k.yaml": "why", "new.tf": "why"}},
			want:    "not-linted k.yaml: is no longer linted: why\nnot-linted new.tf: is no longer linted since it was m.tf: why\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := checks.Compare(&test.before, &test.now, &test.between)
			if diff := cmp.Diff(test.want, render(got)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
