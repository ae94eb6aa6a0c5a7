# alibaba/vpc/alicloud, 1.5 to 1.8: a VPC unless vpc_id names one, a vSwitch for each of
# vswitch_cidrs in the zones in turn, and routes to instances.
# Source: github.com/terraform-alicloud-modules/terraform-alicloud-vpc, v1.5.0 and v1.8.1
variable "create" { default = true }
variable "vpc_id" { default = "" }
variable "vpc_name" { default = "TF-VPC" }
variable "vpc_cidr" { default = "172.16.0.0/12" }
variable "vswitch_cidrs" { default = [] }
variable "availability_zones" { default = [] }
variable "destination_cidrs" { default = [] }
variable "nexthop_ids" { default = [] }

locals {
  vpc   = var.vpc_id != "" ? var.vpc_id : one(alicloud_vpc.vpc[*].id)
  table = var.vpc_id != "" ? data.alicloud_route_tables.this.ids[0] : one(alicloud_vpc.vpc[*].route_table_id)
  used  = var.create || var.vpc_id != ""
}
data "alicloud_route_tables" "this" {
  vpc_id = local.vpc
}

resource "alicloud_vpc" "vpc" {
  count      = var.create && var.vpc_id == "" ? 1 : 0
  name       = var.vpc_name
  cidr_block = var.vpc_cidr
}
resource "alicloud_vswitch" "vswitches" {
  count             = local.used ? length(var.vswitch_cidrs) : 0
  vpc_id            = local.vpc
  cidr_block        = var.vswitch_cidrs[count.index]
  availability_zone = element(var.availability_zones, count.index)
}
resource "alicloud_route_entry" "route_entry" {
  count                 = local.used ? length(var.destination_cidrs) : 0
  route_table_id        = local.table
  destination_cidrblock = var.destination_cidrs[count.index]
  nexthop_type          = "Instance"
  nexthop_id            = var.nexthop_ids[count.index]
}

output "vpc_id" { value = local.vpc }
output "this_vpc_id" { value = local.vpc }
output "cidr_block" { value = one(alicloud_vpc.vpc[*].cidr_block) }
output "this_vpc_cidr_block" { value = one(alicloud_vpc.vpc[*].cidr_block) }
output "this_vpc_name" { value = one(alicloud_vpc.vpc[*].name) }
output "vswitch_ids" { value = alicloud_vswitch.vswitches[*].id }
output "this_vswitch_ids" { value = alicloud_vswitch.vswitches[*].id }
output "this_vswitch_cidr_blocks" { value = alicloud_vswitch.vswitches[*].cidr_block }
output "availability_zones" { value = alicloud_vswitch.vswitches[*].availability_zone }
output "this_availability_zones" { value = alicloud_vswitch.vswitches[*].availability_zone }
output "this_route_table_id" { value = local.table }
