# One VPC with a node and a data vSwitch in every zone, and one Internet NAT gateway.
# Pods have addresses of their own that the VPC does not know: what they send leaves
# with the address of their node.

locals {
  internet_zones = var.internet_zones == null ? keys(var.zones) : var.internet_zones
}

resource "alicloud_vpc" "this" {
  vpc_name   = var.name
  cidr_block = var.vpc_cidr
}

resource "alicloud_vswitch" "node" {
  for_each = var.zones

  vpc_id       = alicloud_vpc.this.id
  zone_id      = each.key
  cidr_block   = each.value.node_cidr
  vswitch_name = "${var.name}-node-${each.key}"
}

resource "alicloud_vswitch" "data" {
  for_each = var.zones

  vpc_id       = alicloud_vpc.this.id
  zone_id      = each.key
  cidr_block   = each.value.data_cidr
  vswitch_name = "${var.name}-data-${each.key}"
}

resource "alicloud_nat_gateway" "this" {
  vpc_id           = alicloud_vpc.this.id
  vswitch_id       = alicloud_vswitch.node[var.nat_zone].id
  nat_gateway_name = var.name
  network_type     = "internet"
  nat_type         = "Enhanced"
  payment_type     = "PayAsYouGo"
}

resource "alicloud_eip_address" "nat" {
  address_name         = "${var.name}-nat"
  bandwidth            = "100"
  internet_charge_type = "PayByTraffic"
  payment_type         = "PayAsYouGo"
}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_nat_gateway.this.id
  instance_type = "Nat"
}

resource "alicloud_snat_entry" "node" {
  for_each = toset(local.internet_zones)

  snat_table_id     = alicloud_nat_gateway.this.snat_table_ids
  snat_entry_name   = "${var.name}-node-${each.key}"
  source_vswitch_id = alicloud_vswitch.node[each.key].id
  snat_ip           = alicloud_eip_address.nat.ip_address

  depends_on = [alicloud_eip_association.nat]
}
