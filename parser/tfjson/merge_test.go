package tfjson_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// load evaluates a configuration given as main.tf, or as a txtar archive.
func load(t *testing.T, config string) *terraform.Root {
	t.Helper()
	if !strings.HasPrefix(strings.TrimSpace(config), "-- ") {
		config = "-- main.tf --\n" + config
	}
	fsys := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(config)).Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	roots, _ := terraform.Load(context.Background(), source.NewTree(fsys), []string{"main.tf"}, terraform.Options{})
	if len(roots) != 1 {
		t.Fatalf("got %d roots", len(roots))
	}
	return roots[0]
}

func TestMerge(t *testing.T) {
	tests := []struct {
		name   string
		config string
		units  []unit
		want   string
	}{
		{
			name: "known values in the places of the configuration",
			config: `
variable "cidr" {}
resource "alicloud_vpc" "a" {
  cidr_block = var.cidr
}
`,
			units: []unit{{address: "alicloud_vpc.a", values: object{"cidr_block": "10.0.0.0/8", "status": "ok"}, unknown: object{"id": true}}},
			want: `
alicloud_vpc.a @main.tf:2:1
  cidr_block = "10.0.0.0/8" @main.tf:3:16
  status = "ok" @main.tf:2:1
`,
		},
		{
			name: "identities of the configuration for what is unknown",
			config: `
resource "alicloud_vpc" "a" {}
resource "alicloud_vswitch" "a" {
  count  = 2
  vpc_id = alicloud_vpc.a.id
}
resource "alicloud_cs_managed_kubernetes" "a" {
  vswitch_ids = concat(alicloud_vswitch.a[*].id, ["vsw-1"])
  lifecycle {
    ignore_changes = [version]
  }
}
`,
			units: []unit{
				created("alicloud_vpc.a", nil), created("alicloud_vswitch.a[0]", 0, "vpc_id"), created("alicloud_vswitch.a[1]", 1, "vpc_id"),
				created("alicloud_cs_managed_kubernetes.a", nil, "vswitch_ids"),
			},
			want: `
alicloud_cs_managed_kubernetes.a @main.tf:6:1 ignores version
  vswitch_ids = [-> alicloud_vswitch.a[0].id, -> alicloud_vswitch.a[1].id, "vsw-1"] @main.tf:7:17
alicloud_vpc.a @main.tf:1:1
alicloud_vswitch.a[0] @main.tf:2:1
  vpc_id = -> alicloud_vpc.a.id @main.tf:4:12
alicloud_vswitch.a[1] @main.tf:2:1
  vpc_id = -> alicloud_vpc.a.id @main.tf:4:12
`,
		},
		{
			name: "the plan decides how many there are",
			config: `
variable "n" {}
resource "alicloud_vpc" "a" {
  count      = var.n
  cidr_block = "10.${count.index}.0.0/16"
}
resource "alicloud_vpc" "none" {
  count = var.n
}
resource "alicloud_vpc" "new" {}
`,
			units: []unit{
				{address: "alicloud_vpc.a[0]", index: 0, values: object{"cidr_block": "10.0.0.0/16"}, unknown: object{"id": true}},
				{address: "alicloud_vpc.a[1]", index: 1, values: object{"cidr_block": "10.1.0.0/16"}, unknown: object{"id": true}},
			},
			want: `
alicloud_vpc.a[0] @main.tf:2:1
  cidr_block = "10.0.0.0/16" @main.tf:4:16
alicloud_vpc.a[1] @main.tf:2:1
  cidr_block = "10.1.0.0/16" @main.tf:4:16
alicloud_vpc.new @main.tf:9:1
`,
		},
		{
			name: "a plan that makes nothing, or a state, does not rule out what the configuration may make",
			config: `
variable "n" {}
resource "alicloud_vpc" "a" {
  count = var.n
}
resource "alicloud_vpc" "b" {}
`,
			units: []unit{{address: "alicloud_vpc.b", values: object{"id": "vpc-1"}, actions: []string{"no-op"}}},
			want: `
alicloud_vpc.a[?] @main.tf:2:1 uncertain: var.n has no value: pass --var-file or --var
alicloud_vpc.b @main.tf:5:1
  id = "vpc-1" @main.tf:5:1
`,
		},
		{
			name: "what the configuration alone is not certain of",
			config: `
variable "on" {}
resource "alicloud_vpc" "a" {}
resource "alicloud_vswitch" "a" {
  count  = var.on ? 1 : 0
  vpc_id = alicloud_vpc.a.id
}
`,
			units: []unit{created("alicloud_vpc.a", nil), created("alicloud_vswitch.a[0]", 0, "vpc_id")},
			want: `
alicloud_vpc.a @main.tf:2:1
alicloud_vswitch.a[0] @main.tf:3:1
  vpc_id = -> alicloud_vpc.a.id @main.tf:5:12
`,
		},
		{
			name: "an argument that the provider drops",
			config: `
resource "alicloud_elasticsearch_instance" "a" {
  enable_public    = false
  public_whitelist = ["0.0.0.0/0"]
}
`,
			units: []unit{{address: "alicloud_elasticsearch_instance.a", values: object{"enable_public": false, "public_whitelist": nil}}},
			want: `
alicloud_elasticsearch_instance.a @main.tf:1:1
  enable_public = false @main.tf:2:22
`,
		},
		{
			name: "a literal that the plan does not know",
			config: `
resource "alicloud_elasticsearch_instance" "a" {
  public_whitelist = ["0.0.0.0/0"]
}
`,
			units: []unit{created("alicloud_elasticsearch_instance.a", nil, "public_whitelist")},
			want: `
alicloud_elasticsearch_instance.a @main.tf:1:1
  public_whitelist = (alicloud_elasticsearch_instance.a.public_whitelist is known only after apply) @main.tf:2:22
`,
		},
		{
			name: "a reference to what will not be there",
			config: `
resource "alicloud_vpc" "a" {
  count = 2
}
resource "alicloud_vswitch" "a" {
  vpc_id = alicloud_vpc.a[1].id
}
`,
			units: []unit{created("alicloud_vpc.a[0]", 0), created("alicloud_vswitch.a", nil, "vpc_id")},
			want: `
alicloud_vpc.a[0] @main.tf:1:1
alicloud_vswitch.a @main.tf:4:1
  vpc_id = (alicloud_vswitch.a.vpc_id is known only after apply) @main.tf:5:12
`,
		},
		{
			name: "blocks that the provider holds as a set",
			config: `
resource "alicloud_vpc" "a" {}
resource "alicloud_network_acl" "a" {
  egress_acl_entries {
    port        = 443
    destination = "10.0.0.0/8"
  }
  egress_acl_entries {
    port        = 53
    destination = alicloud_vpc.a.ip
  }
}
`,
			units: []unit{created("alicloud_vpc.a", nil), {
				address: "alicloud_network_acl.a",
				values: object{"egress_acl_entries": []any{
					object{"port": "53"}, object{"port": "443", "destination": "10.0.0.0/8", "policy": "accept"},
				}},
				unknown: object{"id": true, "egress_acl_entries": []any{object{"destination": true}, object{"entry_id": true}}},
			}},
			want: `
alicloud_network_acl.a @main.tf:2:1
  egress_acl_entries = [{port: "53", destination: -> alicloud_vpc.a.ip}, {port: "443", destination: "10.0.0.0/8", policy: "accept"}] @main.tf:3:3
alicloud_vpc.a @main.tf:1:1
`,
		},
		{
			name: "a list that is written otherwise",
			config: `
resource "alicloud_x" "a" {
  ips = ["10.0.0.0/8", "1.1.1.1/32"]
  cfg {
    size = 1
  }
  any = ["a"]
}
`,
			units: []unit{{address: "alicloud_x.a", values: object{
				"ips": []any{"1.1.1.1", "10.0.0.0/8"}, "cfg": []any{object{"size": "2"}}, "any": object{"k": "v"},
			}}},
			want: `
alicloud_x.a @main.tf:1:1
  ips = ["1.1.1.1", "10.0.0.0/8"] @main.tf:2:9
  cfg = [{size: "2"}] @main.tf:3:3
  any = {k: "v"} @main.tf:6:9
`,
		},
		{
			name: "what exists is the same by its literal and by the reference",
			config: `
resource "alicloud_eip_address" "a" {}
data "alicloud_vpcs" "all" {}
resource "alicloud_db_instance" "a" {
  security_ips = [alicloud_eip_address.a.ip_address, "1.1.1.1"]
  vpc_id       = data.alicloud_vpcs.all.id
}
`,
			units: []unit{
				{address: "alicloud_eip_address.a", values: object{"id": "eip-1", "ip_address": "47.1.1.1"}, actions: []string{"no-op"}},
				{address: "data.alicloud_vpcs.all", values: object{"id": "vpc-7"}, before: true},
				{address: "alicloud_db_instance.a", values: object{"security_ips": []string{"1.1.1.1", "47.1.1.1"}, "vpc_id": "vpc-7"}},
			},
			want: `
alicloud_db_instance.a @main.tf:3:1
  security_ips = ["1.1.1.1", -> alicloud_eip_address.a.ip_address] @main.tf:4:18
  vpc_id = "vpc-7" @main.tf:5:18
alicloud_eip_address.a @main.tf:1:1
  id = "eip-1" @main.tf:1:1
  ip_address = "47.1.1.1" @main.tf:1:1
data.alicloud_vpcs.all @main.tf:2:1
  id = "vpc-7" @main.tf:2:1
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := object{"resources": configured(tt.units)}
			root := tfjson.Merge(parse(t, "plan.json", plan(t, tt.units, config)), load(t, strings.TrimPrefix(tt.config, "\n")))
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), dump(root)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// configured makes blocks that set, by a local value, what units do not know.
func configured(units []unit) []any {
	var out []any
	done := make(map[string]bool)
	for _, u := range units {
		address, _, _ := strings.Cut(u.address, "[")
		if done[address] {
			continue
		}
		done[address] = true
		expressions := object{}
		for name, v := range u.unknown {
			if v == true && name != "id" {
				expressions[name] = refs("local." + name)
			}
		}
		out = append(out, block(address, expressions))
	}
	return out
}

// TestMergeUnreadModules checks that a plan shows what is in a module whose source
// is not in the tree.
func TestMergeUnreadModules(t *testing.T) {
	hcl := load(t, `
module "vpc" {
  source = "alibaba/vpc/alicloud"
}
module "other" {
  source = "alibaba/other/alicloud"
}
`)
	data := plan(t, []unit{{address: "alicloud_vpc.a", module: "module.vpc", values: object{"id": "vpc-1"}}}, object{})
	root := tfjson.Merge(parse(t, "plan.json", data), hcl)
	if len(root.UnreadModules) != 1 || root.UnreadModules[0].Address != "module.other" {
		t.Errorf("unread modules: %v", root.UnreadModules)
	}
	if len(root.Resources) != 1 || root.Resources[0].Address != "module.vpc.alicloud_vpc.a" {
		t.Errorf("got %s", dump(root))
	}
}

// TestMergeKeepsItsInputs checks that merging changes neither root.
func TestMergeKeepsItsInputs(t *testing.T) {
	data := mustRead(t, "../../testdata/plans/terway-envs/plan.json")
	alone, hcl := parse(t, "plan.json", data), evaluate(t, "terway-envs")
	before := dump(alone) + dump(hcl)
	first := dump(tfjson.Merge(alone, hcl))
	if after := dump(alone) + dump(hcl); before != after {
		t.Error("an input changed")
	}
	if second := dump(tfjson.Merge(alone, hcl)); first != second {
		t.Error("merging again differs")
	}
}

// TestBesideOtherVersion checks that a configuration which cannot be the plan's is
// not used.
func TestBesideOtherVersion(t *testing.T) {
	data := plan(t, []unit{{address: "alicloud_vpc.a", values: object{"cidr_block": "10.0.0.0/8"}}}, object{})
	for _, tt := range []struct{ name, config, dir string }{
		{"same", `resource "alicloud_vpc" "a" {}`, "infra"},
		{"same, in config", "", "infra/config"},
		{"other", `resource "alicloud_vpc" "b" {}`, "infra"},
		{"broken", `resource "alicloud_vpc" "a" {`, "infra"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"infra/main.tf": {Data: []byte(tt.config)}}
			if tt.config == "" {
				fsys = fstest.MapFS{"infra/config/main.tf": {Data: []byte(`resource "alicloud_vpc" "a" {}`)}}
			}
			root, diagnostics := tfjson.Parse(context.Background(), source.NewTree(fsys), "infra/plan.json", data, alicloud.Identities())
			if len(diagnostics) > 0 {
				t.Errorf("diagnostics: %v", diagnostics)
			}
			wantFile := "infra/plan.json"
			if strings.HasPrefix(tt.name, "same") {
				wantFile = tt.dir + "/main.tf"
			}
			if root.Dir != tt.dir || root.Resources[0].Body.Range.File != wantFile {
				t.Errorf("dir %s, resource at %s", root.Dir, root.Resources[0].Body.Range)
			}
		})
	}
}

// TestBesideVariables checks that the configuration is evaluated with the values
// that the plan was made with.
func TestBesideVariables(t *testing.T) {
	config := `
variable "name" { type = string }
variable "zones" { type = list(string) }
variable "on" { default = false }
variable "n" { default = 1 }
variable "off" { default = "kept" }
resource "alicloud_vpc" "a" {
  for_each = toset(var.zones)
  vpc_name = var.name
}
resource "alicloud_vswitch" "a" {
  count  = var.on ? var.n : 0
  vpc_id = alicloud_vpc.a[var.zones[count.index]].id
}
`
	units := []unit{
		created(`alicloud_vpc.a["${x}"]`, "${x}"), created(`alicloud_vpc.a["b"]`, "b"),
		created("alicloud_vswitch.a[0]", 0, "vpc_id"), created("alicloud_vswitch.a[1]", 1, "vpc_id"),
	}
	document := strings.Replace(string(plan(t, units, object{"resources": configured(units)})), `{`,
		`{"variables":{"name":{"value":"a\"b"},"zones":{"value":["b","${x}"]},"on":{"value":true},"n":{"value":2},"off":{"value":null}},`, 1)
	tree := source.NewTree(fstest.MapFS{"main.tf": {Data: []byte(config)}})
	root, diagnostics := tfjson.Parse(context.Background(), tree, "plan.json", []byte(document), alicloud.Identities())
	if len(diagnostics) > 0 {
		t.Fatalf("diagnostics: %v", diagnostics)
	}
	got := byAddress(root)["alicloud_vswitch.a[0]"].Body.Get("vpc_id")
	if want := (located.Ref{Address: `alicloud_vpc.a["b"]`, Attribute: "id"}); show(got) != "-> "+want.String() {
		t.Errorf("got %s", show(got))
	}
}
