# No rule of one group accepts the pods' vSwitch, and a rule of the other one drops it first.

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

resource "alicloud_vswitch" "data" {
  vswitch_name = "data"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.8.0/24"
}

resource "alicloud_security_group" "legacy" { # want security-group-ingress-missing
  security_group_name = "legacy"
  vpc_id              = alicloud_vpc.main.id
}

resource "alicloud_security_group_rule" "office" {
  type              = "ingress"
  ip_protocol       = "tcp"
  policy            = "accept"
  priority          = 10
  port_range        = "5432/5432"
  cidr_ip           = "192.168.10.0/24"
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.legacy.id
}

resource "alicloud_instance" "legacy" {
  instance_name   = "legacy"
  instance_type   = "ecs.g7.large"
  image_id        = "aliyun_3_x64_20G_alibase_20240528.vhd"
  vswitch_id      = alicloud_vswitch.data.id
  private_ip      = "10.0.8.30"
  security_groups = [alicloud_security_group.legacy.id]
}

resource "alicloud_security_group" "audit" { # want security-group-ingress-missing
  security_group_name = "audit"
  vpc_id              = alicloud_vpc.main.id
}

resource "alicloud_security_group_rule" "pods" {
  type              = "ingress"
  ip_protocol       = "tcp"
  policy            = "accept"
  priority          = 10
  port_range        = "8443/8443"
  cidr_ip           = alicloud_vswitch.pod.cidr_block
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.audit.id
}

resource "alicloud_security_group_rule" "nobody" {
  type              = "ingress"
  ip_protocol       = "all"
  policy            = "drop"
  priority          = 1
  port_range        = "-1/-1"
  cidr_ip           = "10.0.0.0/8"
  nic_type          = "intranet"
  security_group_id = alicloud_security_group.audit.id
}

resource "alicloud_instance" "audit" {
  instance_name   = "audit"
  instance_type   = "ecs.g7.large"
  image_id        = "aliyun_3_x64_20G_alibase_20240528.vhd"
  vswitch_id      = alicloud_vswitch.data.id
  private_ip      = "10.0.8.31"
  security_groups = [alicloud_security_group.audit.id]
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  service_cidr    = "172.21.0.0/20"

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
