# The pods' route table leads nowhere, and every pod has an EIP of its own. An instance
# accepts one of the two vSwitches of pods.

resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}

resource "alicloud_vswitch" "node" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.0.0.0/20"
}

resource "alicloud_vswitch" "pod" {
  for_each   = { h = "10.1.0.0/19", i = "10.1.32.0/19" }
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-${each.key}"
  cidr_block = each.value
}

resource "alicloud_route_table" "pod" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_route_table_attachment" "pod" {
  for_each       = alicloud_vswitch.pod
  route_table_id = alicloud_route_table.pod.id
  vswitch_id     = each.value.id
}

resource "alicloud_security_group" "legacy" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_security_group_rule" "pods" {
  security_group_id = alicloud_security_group.legacy.id
  type              = "ingress"
  ip_protocol       = "tcp"
  port_range        = "443/443"
  cidr_ip           = alicloud_vswitch.pod["h"].cidr_block
}

resource "alicloud_instance" "legacy" {
  instance_name   = "legacy"
  vswitch_id      = alicloud_vswitch.node.id
  private_ip      = "10.0.0.30"
  security_groups = [alicloud_security_group.legacy.id]
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [for v in alicloud_vswitch.pod : v.id]
  new_nat_gateway = false

  addons {
    name = "terway-eniip"
  }

  addons {
    name = "ack-extend-network-controller"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.node.id]
}
