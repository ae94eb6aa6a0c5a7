# Two plug-ins, and much that depends on which one is meant: one mistake, one finding.

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

resource "alicloud_nat_gateway" "main" {
  vpc_id       = alicloud_vpc.main.id
  vswitch_id   = alicloud_vswitch.node.id
  nat_type     = "Enhanced"
  network_type = "internet"
}

resource "alicloud_eip_address" "nat" {}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_nat_gateway.main.id
}

resource "alicloud_snat_entry" "node" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.node.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  service_cidr    = "172.21.0.0/20"
  new_nat_gateway = false

  addons {
    name = "terway-eniip"
  }

  addons {
    name = "flannel" # want cluster-network-mismatch
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "main"
  vswitch_ids    = [alicloud_vswitch.node.id]
}

resource "alicloud_db_instance" "orders" {
  engine         = "MySQL"
  engine_version = "8.0"
  instance_type  = "mysql.n2.medium.1"
  vswitch_id     = alicloud_vswitch.node.id
  security_ips   = [alicloud_vswitch.node.cidr_block]
}
