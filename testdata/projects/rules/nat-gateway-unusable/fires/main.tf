# One NAT gateway is for private networks, the other is in another VPC.

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
  vpc_id           = alicloud_vpc.main.id
  vswitch_id       = alicloud_vswitch.node.id
  nat_gateway_name = "main"
  nat_type         = "Enhanced"
  network_type     = "intranet"
}

resource "alicloud_vpc_nat_ip" "main" {
  nat_gateway_id = alicloud_nat_gateway.main.id
  nat_ip_cidr    = alicloud_vswitch.node.cidr_block
}

resource "alicloud_vpc" "office" {
  vpc_name   = "office"
  cidr_block = "192.168.0.0/16"
}

resource "alicloud_vswitch" "office" {
  vswitch_name = "office"
  vpc_id       = alicloud_vpc.office.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "192.168.0.0/24"
}

resource "alicloud_nat_gateway" "office" {
  vpc_id           = alicloud_vpc.office.id
  vswitch_id       = alicloud_vswitch.office.id
  nat_gateway_name = "office"
  nat_type         = "Enhanced"
}

resource "alicloud_eip_address" "office" {
  address_name = "office"
}

resource "alicloud_eip_association" "office" {
  allocation_id = alicloud_eip_address.office.id
  instance_id   = alicloud_nat_gateway.office.id
}

resource "alicloud_snat_entry" "pod" { # want nat-gateway-unusable
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.pod.id
  snat_ip           = alicloud_vpc_nat_ip.main.nat_ip
}

resource "alicloud_snat_entry" "node" { # want nat-gateway-unusable
  snat_table_id     = alicloud_nat_gateway.office.snat_table_ids
  source_vswitch_id = alicloud_vswitch.node.id
  snat_ip           = alicloud_eip_address.office.ip_address
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  service_cidr    = "172.21.0.0/20"
  new_nat_gateway = false

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
