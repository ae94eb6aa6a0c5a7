# One cluster for each file of variables, where packets are sent by Flannel, which
# enforces no policy.

variable "name" {}

resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}

resource "alicloud_vswitch" "node" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.0.0.0/20"
}

resource "alicloud_route_table" "node" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_route_table_attachment" "node" {
  route_table_id = alicloud_route_table.node.id
  vswitch_id     = alicloud_vswitch.node.id
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = var.name
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_cidr        = "172.20.0.0/16"
  new_nat_gateway = false

  addons {
    name = "flannel"
  }
}
