# A PodNetworking gives pods a vSwitch that is not in the files.

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

resource "alicloud_vswitch" "node_i" {
  vswitch_name = "node-i"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-i"
  cidr_block   = "10.0.1.0/24"
}

resource "alicloud_vswitch" "pod" {
  vswitch_name = "pod"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.64.0/18"
}

resource "alicloud_vswitch" "pod_i" {
  vswitch_name = "pod-i"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-i"
  cidr_block   = "10.0.128.0/18"
}

resource "alicloud_nat_gateway" "main" {
  vpc_id           = alicloud_vpc.main.id
  vswitch_id       = alicloud_vswitch.node.id
  nat_gateway_name = "main"
  nat_type         = "Enhanced"
}

resource "alicloud_eip_address" "nat" {
  address_name = "nat"
}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_nat_gateway.main.id
}

resource "alicloud_snat_entry" "node" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.node.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_snat_entry" "node_i" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.node_i.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_snat_entry" "pod" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.pod.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_snat_entry" "pod_i" {
  snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
  source_vswitch_id = alicloud_vswitch.pod_i.id
  snat_ip           = alicloud_eip_address.nat.ip_address
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name        = "main"
  version     = "1.32.1-aliyun.1"
  vswitch_ids = [alicloud_vswitch.node.id, alicloud_vswitch.node_i.id]
  pod_vswitch_ids = [
    alicloud_vswitch.pod.id,
    alicloud_vswitch.pod_i.id,
  ]
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
  vswitch_ids    = [alicloud_vswitch.node.id, alicloud_vswitch.node_i.id]
}

data "alicloud_cs_cluster_credential" "main" {
  cluster_id = alicloud_cs_managed_kubernetes.main.id
}

provider "kubernetes" {
  host = data.alicloud_cs_cluster_credential.main.certificate_authority[0].host
}

resource "kubernetes_manifest" "dmz" {
  manifest = {
    apiVersion = "network.alibabacloud.com/v1beta1"
    kind       = "PodNetworking"
    metadata   = { name = "dmz" }
    spec = {
      selector       = { podSelector = { matchLabels = { tier = "dmz" } } }
      vSwitchOptions = ["vsw-bp1dmz"]
    }
  }
}
