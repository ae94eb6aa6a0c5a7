# ACK takes Terway and ignores pod_cidr: a note, and nothing follows from it.

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
  pod_cidr        = "172.20.0.0/16" # want cluster-network-mismatch
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  service_cidr    = "172.21.0.0/20"

  addons {
    name = "terway-eniip"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "main"
  vswitch_ids    = [alicloud_vswitch.node.id]
}
