# A PodNetworking gives its pods a vSwitch and a security group of their own, and
# everything in their way stops them.

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

resource "alicloud_vswitch" "dmz" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.2.0.0/20"
}

resource "alicloud_nat_gateway" "main" {
  vpc_id     = alicloud_vpc.main.id
  vswitch_id = alicloud_vswitch.node.id
  nat_type   = "Enhanced"
}

resource "alicloud_eip_address" "nat" {}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_nat_gateway.main.id
}

resource "alicloud_snat_entry" "vpc" {
  snat_table_id = alicloud_nat_gateway.main.snat_table_ids
  source_cidr   = alicloud_vpc.main.cidr_block
  snat_ip       = alicloud_eip_address.nat.ip_address
}

resource "alicloud_route_table" "dmz" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_route_table_attachment" "dmz" {
  route_table_id = alicloud_route_table.dmz.id
  vswitch_id     = alicloud_vswitch.dmz.id
}

resource "alicloud_network_acl" "dmz" {
  vpc_id = alicloud_vpc.main.id

  egress_acl_entries {
    policy              = "drop"
    protocol            = "tcp"
    port                = "1/65535"
    destination_cidr_ip = "10.8.0.0/16"
  }

  egress_acl_entries {
    policy              = "accept"
    protocol            = "all"
    port                = "-1/-1"
    destination_cidr_ip = "0.0.0.0/0"
  }

  ingress_acl_entries {
    policy         = "accept"
    protocol       = "all"
    port           = "-1/-1"
    source_cidr_ip = "0.0.0.0/0"
  }

  resources {
    resource_id   = alicloud_vswitch.dmz.id
    resource_type = "VSwitch"
  }
}

resource "alicloud_security_group" "pod" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_security_group" "dmz" {
  vpc_id              = alicloud_vpc.main.id
  security_group_type = "enterprise"
}

resource "alicloud_security_group_rule" "dmz" {
  security_group_id = alicloud_security_group.dmz.id
  type              = "egress"
  ip_protocol       = "tcp"
  port_range        = "443/443"
  cidr_ip           = "0.0.0.0/0"
}

resource "alicloud_db_instance" "orders" {
  engine       = "MySQL"
  vswitch_id   = alicloud_vswitch.node.id
  security_ips = [alicloud_vswitch.pod.cidr_block]
}

resource "alicloud_security_group" "legacy" {
  vpc_id = alicloud_vpc.main.id
}

resource "alicloud_security_group_rule" "pods" {
  security_group_id = alicloud_security_group.legacy.id
  type              = "ingress"
  ip_protocol       = "tcp"
  port_range        = "443/443"
  cidr_ip           = alicloud_vswitch.pod.cidr_block
}

resource "alicloud_instance" "legacy" {
  instance_name   = "legacy"
  vswitch_id      = alicloud_vswitch.node.id
  private_ip      = "10.0.0.30"
  security_groups = [alicloud_security_group.legacy.id]
}

resource "alicloud_oss_bucket" "reports" {
  bucket = "shop-reports-prod"
}

resource "alicloud_oss_bucket_policy" "reports" {
  bucket = alicloud_oss_bucket.reports.bucket
  policy = jsonencode({
    Version = "1"
    Statement = [{
      Effect    = "Deny"
      Principal = ["*"]
      Action    = ["oss:GetObject", "oss:PutObject"]
      Resource  = ["acs:oss:*:*:shop-reports-prod/*"]
      Condition = {
        NotIpAddress = { "acs:SourceIp" = [alicloud_vswitch.pod.cidr_block] }
      }
    }]
  })
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name              = "main"
  vswitch_ids       = [alicloud_vswitch.node.id]
  pod_vswitch_ids   = [alicloud_vswitch.pod.id]
  security_group_id = alicloud_security_group.pod.id
  new_nat_gateway   = false

  addons {
    name = "terway-eniip"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.node.id]
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
      selector         = { podSelector = { matchExpressions = [{ key = "tier", operator = "In", values = ["dmz"] }] } }
      vSwitchOptions   = [alicloud_vswitch.dmz.id]
      securityGroupIDs = [alicloud_security_group.dmz.id]
    }
  }
}
