package terraform_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// TestStepsSayWhatHappens follows values through everything that hands them on.
func TestStepsSayWhatHappens(t *testing.T) {
	files := fstest.MapFS{
		"main.tf": {Data: []byte(`
variable "given" {}
variable "default" {
  default = "10.0.0.0/8"
}
locals {
  cidr = var.given
}
module "network" {
  source = "./network"
  cidr   = local.cidr
}
resource "alicloud_vswitch" "local" {
  cidr_block = local.cidr
}
resource "alicloud_vswitch" "default" {
  cidr_block = var.default
}
resource "alicloud_vswitch" "attribute" {
  cidr_block = alicloud_vswitch.default.cidr_block
}
resource "alicloud_vswitch" "output" {
  cidr_block = module.network.cidr
}
resource "alicloud_vswitch" "each" {
  for_each   = { a = "10.0.0.0/8" }
  cidr_block = each.value
}
resource "alicloud_vswitch" "here" {
  cidr_block = "10.0.0.0/8"
}
`)},
		"network/main.tf":  {Data: []byte("variable \"cidr\" {}\noutput \"cidr\" {\n  value = var.cidr\n}\n")},
		"terraform.tfvars": {Data: []byte("given = \"10.0.0.0/8\"\n")},
	}
	roots, diagnostics := terraform.Load(context.Background(), source.NewTree(files), []string{"main.tf", "network/main.tf"}, terraform.Options{})
	if len(roots) != 1 || len(diagnostics) > 0 {
		t.Fatalf("%d roots, diagnostics %v", len(roots), diagnostics)
	}
	got := make(map[string][]string)
	for _, res := range roots[0].Resources {
		steps := []string{}
		for _, s := range res.Body.Get("cidr_block").Via {
			steps = append(steps, s.Says)
		}
		got[res.Name] = steps
	}
	want := map[string][]string{
		"local":     {"local.cidr is set here", "var.given is set here"},
		"default":   {"the default of var.default is set here"},
		"attribute": {"alicloud_vswitch.default.cidr_block is set here", "the default of var.default is set here"},
		"output": {
			"module.network hands it on as output cidr here", "local.cidr is set here", "var.given is set here",
			"module.network.var.cidr is passed in here",
		},
		"each": {"it is an element of for_each here"},
		"here": {},
	}
	for name, steps := range want {
		if diff := cmp.Diff(steps, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
