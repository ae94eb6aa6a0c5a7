# A cluster with Terway in it, without a NAT gateway of its own.

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  service_cidr    = "172.21.0.0/20"
  proxy_mode      = "ipvs"
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
