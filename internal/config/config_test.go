package config_test

import (
	"bytes"
	stdcmp "cmp"
	"errors"
	"net/netip"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
paths: [envs, k8s/prod]
exclude: ["legacy/**", vendor]
rules:
  snat-missing: {severity: off}
  whitelist-missing:
    severity: warning
    parameters: {ports: [22, 3389], team: core, strict: true, share: 0.5}
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
helm:
  - chart: charts/shop
    release: shop-prod
    namespace: shop
    values: [charts/shop/values.yaml, envs/prod.yaml]
  - chart: charts/jobs
targets:
  - name: partner
    hosts: [api.partner.com, "*.partner.net"]
    addresses: [203.0.113.0/24, "2001:db8::1"]
    allow:
      - 198.51.100.7
suppressions:
  - rules: [snat-missing, whitelist-missing]
    files: ["modules/**"]
    address: "module.db.*"
    reason: the module is another team's
    until: 2027-01-31
  - {rules: [snat-missing], address: Deployment/shop/api}
baseline: egresslint-baseline.json
policies: [policies]
failOn: warning
unknowns: fail
`

func TestParse(t *testing.T) {
	no := false
	want := &config.Config{
		File:    "ops/" + config.FileName,
		Paths:   []string{"ops/envs", "ops/k8s/prod"},
		Exclude: []config.Glob{{Pattern: "ops/legacy/**", Text: "legacy/**"}, {Pattern: "ops/vendor", Text: "vendor"}},
		Rules: []config.Rule{{ID: "snat-missing", Off: true}, {
			ID: "whitelist-missing", Severity: finding.Warning,
			Parameters: []config.Parameter{
				{Name: "ports", Value: []any{22.0, 3389.0}},
				{Name: "team", Value: "core"},
				{Name: "strict", Value: true},
				{Name: "share", Value: 0.5},
			},
		}},
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
		Helm: []config.Chart{
			{Dir: "ops/charts/shop", Release: "shop-prod", Namespace: "shop", Values: []string{"ops/charts/shop/values.yaml", "ops/envs/prod.yaml"}},
			{Dir: "ops/charts/jobs"},
		},
		Targets: []config.Target{{
			Name: "partner", Hosts: []string{"api.partner.com", "*.partner.net"},
			Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
			Allow:     []config.AllowEntry{{CIDR: netip.MustParsePrefix("198.51.100.7/32")}},
		}},
		Suppressions: []config.Suppression{
			{
				Rules: []string{"snat-missing", "whitelist-missing"}, Files: []config.Glob{{Pattern: "ops/modules/**", Text: "modules/**"}},
				Address: "module.db.*", Reason: "the module is another team's", Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
			},
			{Rules: []string{"snat-missing"}, Address: "Deployment/shop/api"},
		},
		Baseline: config.Path{Name: "ops/egresslint-baseline.json"},
		Policies: []config.Path{{Name: "ops/policies"}},
		FailOn:   "warning",
		Unknowns: config.UnknownsFail,
	}
	got, err := config.Parse("ops/"+config.FileName, []byte(full), rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(source.Range{}), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("configuration differs (-want +got):\n%s", diff)
	}
	wantAt := source.Range{File: "ops/" + config.FileName, Start: source.Pos{Line: 6, Column: 3}, End: source.Pos{Line: 6, Column: 20}}
	if got.Rules[1].At != wantAt {
		t.Errorf("place of the second rule is %v, want %v", got.Rules[1].At, wantAt)
	}
}

// What Print writes says the same, and stays as it is when it is read and printed
// again.
func TestPrint(t *testing.T) {
	for _, name := range []string{config.FileName, "ops/" + config.FileName, "[x]/a b/" + config.FileName} {
		for _, in := range []string{full, "", "clusters: [{name: a, network: {networkPolicy: {enforces: [CiliumNetworkPolicy]}}}]"} {
			want, err := config.Parse(name, []byte(in), rules)
			if err != nil {
				t.Fatal(err)
			}
			var printed, again bytes.Buffer
			if err := config.Print(&printed, want, path.Dir(name)); err != nil {
				t.Fatal(err)
			}
			got, err := config.Parse(name, printed.Bytes(), rules)
			if err != nil {
				t.Fatalf("%v\n%s", err, printed.Bytes())
			}
			want.FailOn, want.Unknowns = stdcmp.Or(want.FailOn, "error"), stdcmp.Or(want.Unknowns, config.UnknownsNote)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(source.Range{}), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
				t.Errorf("configuration differs (-want +got):\n%s\n%s", diff, printed.Bytes())
			}
			if err := config.Print(&again, got, path.Dir(name)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(printed.String(), again.String()); diff != "" {
				t.Errorf("it changes when printed again (-first +second):\n%s", diff)
			}
		}
	}
}

func TestParseMistakes(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"unknown key":        {"exclud: [a]", `c.yaml:1:1: unknown key "exclud" in the configuration, did you mean "exclude"?`},
		"unknown nested key": {"clusters:\n  - name: a\n    network:\n      plugn: terway\n", `c.yaml:4:7: unknown key "plugn" in network, did you mean "plugin"?`},
		"far from any key":   {"zzz: 1", `c.yaml:1:1: unknown key "zzz" in the configuration, want one of paths, exclude, rules, clusters, stacks, helm, requirements, targets, privateDomains, suppressions, baseline, policies, failOn, unknowns`},
		"unknown rule":       {"rules: {snat-mising: {severity: off}}", `c.yaml:1:9: unknown key "snat-mising" in rules, did you mean "snat-missing"?`},
		"unknown severity":   {"rules: {snat-missing: {severity: eror}}", `c.yaml:1:34: unknown value "eror", did you mean "error"?`},
		"severity missing":   {"rules: {snat-missing: {}}", `c.yaml:1:23: rule snat-missing needs severity or parameters`},
		"rule as a text":     {"rules: {snat-missing: off}", `c.yaml:1:23: read rule snat-missing: want a mapping, found "off"`},
		"key twice":          {"exclude: [a]\nexclude: [b]\n", `c.yaml:2:1: key "exclude" is there twice in the configuration`},
		"a list for a map":   {"- a\n", `c.yaml:1:1: read the configuration: want a mapping, found a list`},
		"a text for a list":  {"exclude: a", `c.yaml:1:10: want a list, found "a"`},
		"null in a list":     {"exclude: [~]", `c.yaml:1:11: want a text, found nothing`},
		"name empty":         {"clusters: [{name: }]", `c.yaml:1:12: key "name" is missing in a cluster`},
		"not a boolean":      {"clusters: [{name: a, internet: yess}]", `c.yaml:1:32: want true or false, found "yess"`},
		"path leaves":        {"stacks: [{name: a, dir: ../b}]", `c.yaml:1:25: use path "../b": path leaves the tree`},
		"absolute path":      {"stacks: [{name: a, dir: /b}]", `c.yaml:1:25: use path "/b": path leaves the tree`},
		"a file of git":      {"baseline: .git/hooks/post-checkout", `c.yaml:1:11: use path ".git/hooks/post-checkout": it is git's own`},
		"a folder of git":    {`policies: [a, "b/.GIT. /c"]`, `c.yaml:1:15: use path "b/.GIT. /c": it is git's own`},
		"a stack in git":     {"stacks: [{name: a, dir: git~1/b}]", `c.yaml:1:25: use path: it is git's own`},
		"a cluster in git":   {"clusters: [{name: a, terraform: '.git:module.x'}]", `c.yaml:1:33: use path ".git": it is git's own`},
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
		"parameter a map":      {"rules: {snat-missing: {parameters: {a: {b: c}}}}", `c.yaml:1:40: want a text, a number or a truth value, found a mapping`},
		"parameter twice":      {"rules: {snat-missing: {parameters: {a: 1, a: 2}}}", `c.yaml:1:43: key "a" is there twice in parameters`},
		"parameter infinite":   {"rules: {snat-missing: {parameters: {a: .inf}}}", `c.yaml:1:40: want a text, a number or a truth value, found ".inf"`},
		"chart missing":        {"helm: [{release: a}]", `c.yaml:1:8: key "chart" is missing in a chart`},
		"target without place": {"targets: [{name: a}]", `c.yaml:1:11: a target needs hosts or addresses`},
		"target host bare":     {"targets: [{name: a, hosts: [db]}]", `c.yaml:1:29: read host "db": want a full host name such as api.partner.com or *.partner.com`},
		"target CIDR":          {"targets: [{name: a, addresses: [10.0.0.1/8]}]", `c.yaml:1:33: read CIDR "10.0.0.1/8": it has bits beyond its mask, did you mean "10.0.0.0/8"?`},
		"target allow":         {"targets: [{name: a, addresses: [10.0.0.1], allow: [x]}]", `c.yaml:1:52: read "x": want an address or a CIDR, such as 203.0.113.7 or 203.0.113.0/24`},
		"suppression rule":     {"suppressions: [{rules: [snat-mising], address: x}]", `c.yaml:1:25: no rule "snat-mising", did you mean "snat-missing"?`},
		"suppression of none":  {"suppressions: [{rules: [], address: x}]", `c.yaml:1:16: a suppression needs at least one rule`},
		"cluster twice":        {"clusters: [{name: a}, {name: a}]", `c.yaml:1:23: cluster "a" is there twice`},
		"stack twice":          {"stacks: [{name: a, dir: b}, {name: a, dir: b}]", `c.yaml:1:29: stack "a" of b is there twice`},
		"suppression date":     {"suppressions: [{rules: [snat-missing], address: x, until: 2027-02-30}]", `c.yaml:1:59: read date "2027-02-30": want a day as in 2027-01-31`},
		"suppression of all": {
			"suppressions: [{rules: [snat-missing]}]",
			`c.yaml:1:16: a suppression needs files or address: to silence a rule everywhere, set its severity to off`,
		},
		"failOn":              {"failOn: eror", `c.yaml:1:9: unknown value "eror", did you mean "error"?`},
		"unknowns":            {"unknowns: no", `c.yaml:1:11: unknown value "no", want one of ignore, note, fail`},
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

// Whatever a file holds in the wrong place, messages do not repeat what may be secret;
// of a file that is not to be quoted they repeat nothing.
func TestMistakesDoNotQuoteSecrets(t *testing.T) {
	const secret = "hunter2"
	for _, in := range []string{
		"root:$6$hunter2$x:19000:0:99999:7:::\n",
		"machine example.com login a password hunter2\n",
		"machine example.com\n  password hunter2\n\tlogin",
		"\"password=hunter2\": 1",
		"a: *hunter2",
		"exclude: \"%hunter2\"",
		"failOn: 'a@hunter2'",
		"clusters: [{name: a, internet: \"$hunter2\"}]",
		"requirements: [{from: a/b, to: ['https://hunter2@x y']}]",
		"requirements: [{from: a/b, to: [\"'hunter2'/tcp\"]}]",
		"targets: [{name: a, hosts: [\"a:hunter2@b\"]}]",
		"stacks: [{name: a, dir: \"../$hunter2\"}]",
		"suppressions: [{rules: [\"$hunter2\"], address: x, until: \"$hunter2\"}]",
		"rules: {\"$hunter2\": {}}",
		"rules: {snat-missing: {parameters: {a: !!binary \"$hunter2\"}}}",
		"!hunter2!x a: b",
		"%TAG hunter2\n---\na: b",
	} {
		_, err := config.Parse("c.yaml", []byte(in), rules)
		if err == nil {
			t.Errorf("%q: Parse accepts it", in)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the error is %v", in, err)
		}
	}
	for _, in := range []string{
		"hunter2: a", "hunter2", "a: &hunter2 [*hunter3]", "exclude: hunter2", "failOn: hunter2", "rules: {hunter2: {}}",
		"stacks: [{name: hunter2, dir: ../hunter2}]", "stacks: [{name: hunter2, dir: b}, {name: hunter2, dir: b}]",
		"clusters: [{name: hunter2}, {name: hunter2}]", "requirements: [{from: a/b, to: [hunter2, rdss/hunter2, 'a:hunter2']}]",
		"targets: [{name: a, hosts: [hunter2], addresses: [hunter2]}]",
		"helm: [{chart: ../hunter2}]", "suppressions: [{rules: [hunter2], files: ['hunter2['], address: x, until: hunter2}]",
		"rules: {snat-missing: {parameters: {hunter2: 1, hunter2: 2}}}", "exclude: [hunter2]\nexclude: [hunter2]",
	} {
		_, err := config.Read(nil, &config.File{Name: "c.yaml", Data: []byte(in)}, rules)
		if err == nil {
			t.Errorf("%q: Read accepts it", in)
		} else if strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), "c.yaml:1:") && !strings.Contains(err.Error(), "c.yaml:2:") {
			t.Errorf("%q: the error is %v", in, err)
		}
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
		cfg, err := find(tree, dir)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if cfg.File != want {
			t.Errorf("from %s found %q, want %q", dir, cfg.File, want)
		}
	}
	if _, err := find(tree, "bad"); err == nil {
		t.Error("a broken file is passed over")
	}
}

// find reads the configuration nearest to dir.
func find(tree *source.Tree, dir string) (*config.Config, error) {
	f, err := config.Locate(tree, dir)
	if err != nil || f == nil {
		return &config.Config{}, err
	}
	return config.Read(tree, f, rules)
}

func TestReadLooksPathsUp(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"ops/infra/main.tf":    {},
		"ops/infra/a.tfvars":   {},
		"ops/common.tfvars":    {},
		"ops/modules/main.tf":  {},
		"ops/chart/v.yaml":     {},
		"ops/chart/Chart.yaml": {},
	})
	read := func(text string) error {
		_, err := config.Read(tree, &config.File{Name: "ops/c.yaml", Data: []byte(text), Quote: true}, rules)
		return err
	}
	if err := read("stacks: [{name: a, dir: infra, varFiles: [common.tfvars, infra/a.tfvars]}]"); err != nil {
		t.Errorf("existing paths: %v", err)
	}
	if err := read("paths: [infra, common.tfvars]\npolicies: [modules]\nhelm: [{chart: chart, values: [chart/v.yaml]}]"); err != nil {
		t.Errorf("existing paths: %v", err)
	}
	if err := read("paths: [infr]\nhelm: [{chart: chart/v.yaml}]"); err == nil || err.Error() != "ops/c.yaml:1:9: no such file or folder infr\nops/c.yaml:2:16: use path \"chart/v.yaml\": it is no folder" {
		t.Errorf("missing paths: %v", err)
	}
	if err := read("helm:\n- chart: modules\n"); err == nil || err.Error() != "ops/c.yaml:2:10: use chart \"modules\": the folder has no Chart.yaml" {
		t.Errorf("a folder that is no chart: %v", err)
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
		"parameters":      {"rules: {snat-missing: {parameters: {a: [1, b], c: true}}}", true},
		"parameter a map": {"rules: {snat-missing: {parameters: {a: {b: 1}}}}", false},
		"helm":            {"helm: [{values: [a]}]", false},
		"target":          {"targets: [{name: a, allow: [10.0.0.0/8]}]", false},
		"suppression":     {"suppressions: [{rules: [snat-missing]}]", false},
		"until":           {"suppressions: [{rules: [snat-missing], address: a, until: tomorrow}]", false},
		"failOn":          {"failOn: always", false},
		"unknowns":        {"unknowns: maybe", false},
	} {
		t.Run(name, func(t *testing.T) {
			// Editors read YAML 1.2, in which a date is a text.
			text := strings.ReplaceAll(tt.in, "2027-01-31", `"2027-01-31"`)
			var doc any
			if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
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

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("a: &x [1]\nexclude: *x\n")
	f.Add("a: &x {b: *x, c: [*x, *x]}\n")
	f.Add("clusters: [{name: a, name: b}]")
	f.Add("rules:\n\t- x")
	f.Fuzz(func(t *testing.T, in string) {
		keys, keysErr := config.Keys(&config.File{Name: "c.yaml", Data: []byte(in)})
		if keysErr != nil && keys != nil {
			t.Fatalf("keys and an error: %v", keysErr)
		}
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
