package terraform_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/terraform"
)

// network is a configuration of modules calls with about 40 resource instances
// each, in the style of real ones: joins by count.index and for_each, references
// across modules, tags merged everywhere.
func network(modules int) string {
	var b strings.Builder
	b.WriteString("-- main.tf --\nvariable \"tags\" {\n  type = map(string)\n  default = { team = \"net\" }\n}\n")
	b.WriteString("locals {\n  tags = merge(var.tags, { managed = \"terraform\" })\n}\n")
	for i := range modules {
		fmt.Fprintf(&b, "module \"net%d\" {\n  source = \"./net\"\n  name = \"net%d\"\n  cidr = cidrsubnet(\"10.0.0.0/8\", 12, %d)\n  zones = [for z in range(10) : \"zone-${z}\"]\n  tags = local.tags\n}\n", i, i, i)
	}
	b.WriteString(`-- net/main.tf --
variable "name" { type = string }
variable "cidr" { type = string }
variable "zones" { type = list(string) }
variable "tags" { type = map(string) }
resource "alicloud_vpc" "v" {
  vpc_name   = var.name
  cidr_block = var.cidr
  tags       = merge(var.tags, { name = var.name })
}
resource "alicloud_vswitch" "s" {
  count        = length(var.zones)
  vpc_id       = alicloud_vpc.v.id
  zone_id      = element(var.zones, count.index)
  cidr_block   = cidrsubnet(var.cidr, 6, count.index)
  vswitch_name = format("%s-%02d", var.name, count.index)
  tags         = merge(var.tags, { name = var.name })
}
resource "alicloud_snat_entry" "e" {
  count             = length(var.zones)
  snat_table_id     = alicloud_nat_gateway.n.snat_table_ids
  source_vswitch_id = split(",", join(",", alicloud_vswitch.s.*.id))[count.index % length(alicloud_vswitch.s)]
  snat_ip           = join(",", alicloud_eip_address.e[*].ip_address)
}
resource "alicloud_nat_gateway" "n" {
  vpc_id     = alicloud_vpc.v.id
  vswitch_id = alicloud_vswitch.s[0].id
}
resource "alicloud_eip_address" "e" { count = 2 }
resource "alicloud_security_group" "g" { vpc_id = alicloud_vpc.v.id }
resource "alicloud_security_group_rule" "r" {
  for_each          = { for i, z in var.zones : z => alicloud_vswitch.s[i].cidr_block }
  type              = "egress"
  cidr_ip           = each.value
  security_group_id = alicloud_security_group.g.id
}
resource "alicloud_cs_managed_kubernetes" "k" {
  pod_vswitch_ids = alicloud_vswitch.s[*].id
  dynamic "addons" {
    for_each = [{ name = "terway-eniip" }, { name = "csi-plugin" }]
    content {
      name = addons.value.name
    }
  }
}
output "ids" { value = alicloud_vswitch.s[*].id }
`)
	return b.String()
}

func BenchmarkLoad(b *testing.B) {
	for _, modules := range []int{1, 50, 500} {
		archive := network(modules)
		tree, names := treeOf(archive)
		roots, _ := terraform.Load(context.Background(), tree, names, terraform.Options{})
		b.Run(fmt.Sprintf("instances=%d", len(roots[0].Resources)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				terraform.Load(context.Background(), tree, names, terraform.Options{})
			}
		})
	}
}

// BenchmarkCount is one resource with many instances that refer to each other by index.
func BenchmarkCount(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		tree, names := treeOf(fmt.Sprintf(`-- main.tf --
resource "alicloud_vswitch" "s" {
  count      = %d
  cidr_block = cidrsubnet("10.0.0.0/8", 16, count.index)
}
resource "alicloud_snat_entry" "e" {
  count             = length(alicloud_vswitch.s)
  source_vswitch_id = element(split(",", join(",", alicloud_vswitch.s.*.id)), count.index)
}
`, n))
		b.Run(fmt.Sprintf("instances=%d", 2*n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				terraform.Load(context.Background(), tree, names, terraform.Options{})
			}
		})
	}
}

func BenchmarkRules(b *testing.B) {
	var cidrs strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&cidrs, "\"10.%d.%d.0/24\",\n", i/256, i%256)
	}
	tree, names := treeOf(`-- main.tf --
locals {
  cidrs = [
` + cidrs.String() + `  ]
}
module "sg" {
  source = "./sg"
  rules  = [for c in local.cidrs : { cidr = c, port = 443 }]
}
-- sg/main.tf --
variable "rules" {
  type = list(object({ cidr = string, port = number, proto = optional(string, "tcp") }))
}
resource "alicloud_security_group_rule" "r" {
  for_each    = { for i, r in var.rules : "${r.cidr}-${i}" => r }
  cidr_ip     = each.value.cidr
  ip_protocol = each.value.proto
  port_range  = "${each.value.port}/${each.value.port}"
}
resource "alicloud_db_instance" "d" {
  security_ips = distinct(concat(var.rules[*].cidr, ["127.0.0.1"]))
}
`)
	b.ReportAllocs()
	for b.Loop() {
		terraform.Load(context.Background(), tree, names, terraform.Options{})
	}
}
