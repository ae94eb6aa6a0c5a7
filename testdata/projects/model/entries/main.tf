# SNAT entries whose address belongs to something else, or that cover nodes alone; a
# whitelist that is left out.

resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}

resource "alicloud_vswitch" "node" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.0.0.0/20"
}

resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.1.0.0/19"
}

resource "alicloud_nat_gateway" "main" {
  vpc_id     = alicloud_vpc.main.id
  vswitch_id = alicloud_vswitch.node.id
  nat_type   = "Enhanced"
}

resource "alicloud_eip_address" "nat" {}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_instance.vm.id
}

resource "alicloud_instance" "vm" {}

resource "alicloud_snat_entry" "node" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.node.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_db_instance" "orders" {
  engine                   = "MySQL"
  vswitch_id               = alicloud_vswitch.node.id
  connection_string_prefix = "orders"
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  new_nat_gateway = false

  addons {
    name = "terway-eniip"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.node.id]
}
