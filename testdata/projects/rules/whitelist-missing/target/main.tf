# The other team admits the pods.

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
