package config_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

var rules = []string{"snat-missing", "snat-wrong-vswitch", "whitelist-missing"}

const full = `# yaml-language-server: $schema=https://egresslint.io/schemas/config.json
exclude: ["legacy/**", vendor]
rules:
  snat-missing: {severity: off}
  whitelist-missing:
    severity: warning
clusters:
  - name: prod
    terraform: envs/prod
    manifests: [k8s/prod/**]
    network: {plugin: terway, datapath: v2, networkPolicy: enforced}
    internet: false
  - name: edge
    terraform: module.edge.alicloud_cs_edge_kubernetes.this
  - name: lab
    terraform: envs/lab:alicloud_cs_managed_kubernetes.a["x:y"]
stacks:
  - name: prod
    dir: envs/prod
    varFiles: [common.tfvars, envs/prod.tfvars]
    vars:
      zones: '["a", "b"]'
      replicas: 3
requirements:
  - from: shop/api
    to: [rds/orders, "api.partner.com:443"]
privateDomains: [corp.example.org]
`

func TestParse(t *testing.T) {
	no := false
	want := &config.Config{
		File:    "ops/" + config.FileName,
		Exclude: []config.Glob{{Pattern: "ops/legacy/**", Text: "legacy/**"}, {Pattern: "ops/vendor", Text: "vendor"}},
		Rules:   []config.Rule{{ID: "snat-missing", Off: true}, {ID: "whitelist-missing", Severity: finding.Warning}},
		Clusters: []config.Cluster{
			{
				Name: "prod", Terraform: "ops/envs/prod", Manifests: []string{"ops/k8s/prod/**"},
				Network:  config.Network{Plugin: "terway", Datapath: "v2", NetworkPolicy: "enforced"},
				Internet: &no,
			},
			{Name: "edge", Terraform: "module.edge.alicloud_cs_edge_kubernetes.this"},
			{Name: "lab", Terraform: `ops/envs/lab:alicloud_cs_managed_kubernetes.a["x:y"]`},
		},
		Stacks: []config.Stack{{
			Name: "prod", Dir: "ops/envs/prod",
			VarFiles: []string{"ops/common.tfvars", "ops/envs/prod.tfvars"},
			Vars:     []config.Var{{Name: "zones", Value: `["a", "b"]`}, {Name: "replicas", Value: "3"}},
		}},
		Requirements:   []config.Requirement{{From: "shop/api", To: []string{"rds/orders", "api.partner.com:443"}}},
		PrivateDomains: []string{"corp.example.org"},
	}
	got, err := config.Parse("ops/"+config.FileName, []byte(full), rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(source.Range{})); diff != "" {
		t.Errorf("configuration differs (-want +got):\n%s", diff)
	}
	wantAt := source.Range{File: "ops/" + config.FileName, Start: source.Pos{Line: 5, Column: 3}, End: source.Pos{Line: 5, Column: 20}}
	if got.Rules[1].At != wantAt {
		t.Errorf("place of the second rule is %v, want %v", got.Rules[1].At, wantAt)
	}
}

func TestParseMistakes(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"unknown key":        {"exclud: [a]", `c.yaml:1:1: unknown key "exclud" in the configuration, did you mean "exclude"?`},
		"unknown nested key": {"clusters:\n  - name: a\n    network:\n      plugn: terway\n", `c.yaml:4:7: unknown key "plugn" in network, did you mean "plugin"?`},
		"far from any key":   {"zzz: 1", `c.yaml:1:1: unknown key "zzz" in the configuration, want one of exclude, rules, clusters, stacks, requirements, privateDomains`},
		"unknown rule":       {"rules: {snat-mising: {severity: off}}", `c.yaml:1:9: unknown key "snat-mising" in rules, did you mean "snat-missing"?`},
		"unknown severity":   {"rules: {snat-missing: {severity: eror}}", `c.yaml:1:34: unknown value "eror", did you mean "error"?`},
		"severity missing":   {"rules: {snat-missing: {}}", `c.yaml:1:23: key "severity" is missing in rule snat-missing`},
		"rule as a text":     {"rules: {snat-missing: off}", `c.yaml:1:23: read rule snat-missing: want a mapping, found "off"`},
		"key twice":          {"exclude: [a]\nexclude: [b]\n", `c.yaml:2:1: key "exclude" is there twice in the configuration`},
		"a list for a map":   {"- a\n", `c.yaml:1:1: read the configuration: want a mapping, found a list`},
		"a text for a list":  {"exclude: a", `c.yaml:1:10: want a list, found "a"`},
		"null in a list":     {"exclude: [~]", `c.yaml:1:11: want a text, found nothing`},
		"name empty":         {"clusters: [{name: }]", `c.yaml:1:12: key "name" is missing in a cluster`},
		"not a boolean":      {"clusters: [{name: a, internet: yess}]", `c.yaml:1:32: want true or false, found "yess"`},
		"path leaves":        {"stacks: [{name: a, dir: ../b}]", `c.yaml:1:25: use path "../b": path leaves the tree`},
		"absolute path":      {"stacks: [{name: a, dir: /b}]", `c.yaml:1:25: use path "/b": path leaves the tree`},
		"glob broken":        {`exclude: ["a[b"]`, `c.yaml:1:11: use glob "a[b": it is not a valid pattern`},
		"vars a list":        {"stacks: [{name: a, dir: b, vars: [c]}]", `c.yaml:1:34: read vars: want a mapping of variable names to values`},
		"syntax":             {"exclude: [a\nrules: {}\n", `c.yaml:2:6: parse YAML: did not find expected ',' or ']'`},
		"two documents":      {"exclude: [a]\n---\nrules: {}\n", `c.yaml:3:1: read configuration: want one YAML document, found another`},
		"not UTF-8":          {"exclude: [\xff]", `c.yaml: read configuration: it is not UTF-8 text`},
		"unknown kind":       {"requirements: [{from: a/b, to: [rdss/orders]}]", `c.yaml:1:33: read requirement "rdss/orders": no kind "rdss", did you mean "rds/orders"?`},
		"port out of range":  {"requirements:\n  - from: a/b\n    to: [internet, \"10.0.0.1:99999\"]\n", `c.yaml:3:20: read requirement "10.0.0.1:99999": "99999" is no port from 1 to 65535`},
		"several items": {
			"requirements: [{from: a/b, to: ['weird thing, internet, :1']}]",
			`c.yaml:1:33: read requirement "weird thing": separate items with commas` + "\n" +
				`c.yaml:1:33: read requirement ":1": "" is no host name, address or CIDR that a pod can reach`,
		},
		"single word": {
			"requirements: [{from: a/b, to: [blah, 'db:5432']}]",
			`c.yaml:1:33: read requirement "blah": a single word names no destination; for a Service write service/blah, for a host its full name`,
		},
		"requirement no from": {"requirements: [{to: [internet]}]", `c.yaml:1:16: key "from" is missing in a requirement`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Parse("c.yaml", []byte(tt.in), rules)
			if err == nil {
				t.Fatalf("Parse accepts it: %+v", cfg)
			}
			if err.Error() != tt.want {
				t.Errorf("error is\n  %s\nwant\n  %s", err, tt.want)
			}
		})
	}
}

func TestParseNamesEveryMistake(t *testing.T) {
	_, err := config.Parse("c.yaml", []byte("excludes: [a]\nrules: {x: {}}\nstacks: [{}]\n"), rules)
	if err == nil {
		t.Fatal("Parse accepts it")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 4 {
		t.Errorf("want 4 mistakes (two keys of the stack), got:\n%s", err)
	}
}

func TestFind(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"a/" + config.FileName:   {Data: []byte("exclude: [x]")},
		"a/b/c/main.tf":          {Data: []byte("")},
		"d/e/main.tf":            {Data: []byte("")},
		"bad/" + config.FileName: {Data: []byte("nonsense: 1")},
	})
	for dir, want := range map[string]string{"a/b/c": "a/" + config.FileName, "a": "a/" + config.FileName, "d/e": "", ".": ""} {
		cfg, err := config.Find(tree, dir, rules)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if cfg.File != want {
			t.Errorf("from %s found %q, want %q", dir, cfg.File, want)
		}
	}
	if _, err := config.Find(tree, "bad", rules); err == nil {
		t.Error("a broken file is passed over")
	}
}

func TestReadLooksPathsUp(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"ops/infra/main.tf":   {},
		"ops/infra/a.tfvars":  {},
		"ops/common.tfvars":   {},
		"ops/modules/main.tf": {},
	})
	read := func(text string) error {
		_, err := config.Read(tree, "ops/c.yaml", []byte(text), rules)
		return err
	}
	if err := read("stacks: [{name: a, dir: infra, varFiles: [common.tfvars, infra/a.tfvars]}]"); err != nil {
		t.Errorf("existing paths: %v", err)
	}
	err := read("stacks:\n- {name: a, dir: infr, varFiles: [infra/common.tfvars]}\n- {name: b, dir: common.tfvars, varFiles: [modules]}\n")
	want := `ops/c.yaml:2:18: no such folder infr
ops/c.yaml:2:35: no such file infra/common.tfvars
ops/c.yaml:3:18: use path "common.tfvars": it is no folder
ops/c.yaml:3:44: use path "modules": it is no file`
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

// The folder of the configuration file is no pattern, even if its name looks like one.
func TestFolderIsNoPattern(t *testing.T) {
	cfg, err := config.Parse("[x]/c.yaml", []byte("exclude: ['*.tf']"), rules)
	if err != nil {
		t.Fatal(err)
	}
	if want := `\[x\]/*.tf`; len(cfg.Exclude) != 1 || cfg.Exclude[0].Pattern != want {
		t.Errorf("exclude is %+v, want %q", cfg.Exclude, want)
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The schema that editors use must agree with the parser, but for what a schema
// cannot say: which rules there are, where paths lead, YAML itself.
func TestSchemaAgrees(t *testing.T) {
	s := schema(t)
	for name, tt := range map[string]struct {
		in string
		ok bool
	}{
		"full":            {full, true},
		"empty":           {"", true},
		"nulls":           {"rules:\nexclude:\nclusters: [{name: a, network: , internet: }]", true},
		"unknown key":     {"exclud: [a]", false},
		"nested key":      {"clusters: [{name: a, networks: {}}]", false},
		"severity":        {"rules: {snat-missing: {severity: bad}}", false},
		"severity null":   {"rules: {snat-missing: {severity: }}", false},
		"severity absent": {"rules: {snat-missing: {}}", false},
		"no name":         {"clusters: [{terraform: a}]", false},
		"no dir":          {"stacks: [{name: a}]", false},
		"plugin":          {"clusters: [{name: a, network: {plugin: calico}}]", false},
		"internet":        {"clusters: [{name: a, internet: 3}]", false},
		"to a text":       {"requirements: [{from: a, to: b}]", false},
		"exclude a map":   {"exclude: {a: b}", false},
	} {
		t.Run(name, func(t *testing.T) {
			var doc any
			if err := yaml.Unmarshal([]byte(tt.in), &doc); err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); (err == nil) != tt.ok {
				t.Errorf("schema says %v, want valid=%v", err, tt.ok)
			}
			if _, err := config.Parse("c.yaml", []byte(tt.in), rules); (err == nil) != tt.ok {
				t.Errorf("parser says %v, want valid=%v", err, tt.ok)
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	for word, want := range map[string]string{
		"snat-mising":  "snat-missing",
		"SNAT-MISSING": "snat-missing",
		"snat":         "",
		"dns":          "",
		"":             "",
	} {
		if got := config.Suggest(word, rules); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("a: &x [1]\nexclude: *x\n")
	f.Add("clusters: [{name: a, name: b}]")
	f.Add("rules:\n\t- x")
	f.Fuzz(func(t *testing.T, in string) {
		cfg, err := config.Parse("c.yaml", []byte(in), rules)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("want a configuration or an error, got %v and %v", cfg, err)
		}
		if err == nil {
			return
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("error is no list of mistakes: %v", err)
		}
		lines := 1
		for _, r := range in {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // YAML ends lines at all of these
				lines++
			}
		}
		for _, e := range joined.Unwrap() {
			var mistake *config.Error
			if !errors.As(e, &mistake) {
				t.Fatalf("mistake without a place: %v", e)
			}
			if mistake.At.Start.Line > lines+1 {
				t.Errorf("place %v lies behind the end of %d lines", mistake.At, lines)
			}
		}
	})
}
