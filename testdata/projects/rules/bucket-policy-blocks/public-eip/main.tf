# The policy knows the address of the NAT gateway.

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

resource "alicloud_oss_bucket" "media" {
  bucket = "shop-media-prod"
}

resource "alicloud_oss_bucket_policy" "media" {
  bucket = alicloud_oss_bucket.media.bucket
  policy = jsonencode({
    Version = "1"
    Statement = [{
      Effect    = "Deny"
      Principal = ["*"]
      Action    = ["oss:GetObject", "oss:PutObject"]
      Resource  = ["acs:oss:*:*:shop-media-prod/*"]
      Condition = {
        NotIpAddress = { "acs:SourceIp" = ["10.0.0.0/16", alicloud_eip_address.nat.ip_address] }
      }
    }]
  })
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

resource "alicloud_snat_entry" "vpc" {
  snat_table_id = alicloud_nat_gateway.main.snat_table_ids
  source_cidr   = alicloud_vpc.main.cidr_block
  snat_ip       = alicloud_eip_address.nat.ip_address
}
