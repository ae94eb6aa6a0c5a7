# The group admits the resolvers of the VPC.

resource "alicloud_vpc" "main" {
  vpc_name   = "main"
  cidr_block = "10.0.0.0/16"
}

resource "alicloud_vswitch" "node" {
  vswitch_name = "node"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.0.0/24"
}

resource "alicloud_vswitch" "pod" {
  vswitch_name = "pod"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.64.0/18"
}

resource "alicloud_security_group" "nodes" {
  security_group_name = "nodes"
  security_group_type = "enterprise"
  vpc_id              = alicloud_vpc.main.id
}

resource "alicloud_security_group_rule" "vpc" {
  type              = "egress"
  ip_protocol       = "all"
  policy            = "accept"
  priority          = 10
  port_range        = "-1/-1"
  cidr_ip           = "10.0.0.0/16"
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.nodes.id
}

resource "alicloud_security_group_rule" "platform" {
  type              = "egress"
  ip_protocol       = "tcp"
  policy            = "accept"
  priority          = 10
  port_range        = "443/443"
  cidr_ip           = "0.0.0.0/0"
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.nodes.id
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name              = "main"
  version           = "1.32.1-aliyun.1"
  vswitch_ids       = [alicloud_vswitch.node.id]
  pod_vswitch_ids   = [alicloud_vswitch.pod.id]
  service_cidr      = "172.21.0.0/20"
  security_group_id = alicloud_security_group.nodes.id

  addons {
    name   = "terway-eniip"
    config = jsonencode({ IPVlan = "false", NetworkPolicy = "true" })
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "main"
  vswitch_ids    = [alicloud_vswitch.node.id]
}

resource "alicloud_security_group_rule" "resolver" {
  for_each          = toset(["100.100.2.136/32", "100.100.2.138/32"])
  type              = "egress"
  ip_protocol       = "udp"
  policy            = "accept"
  priority          = 10
  port_range        = "53/53"
  cidr_ip           = each.value
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.nodes.id
}
