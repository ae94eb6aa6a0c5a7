# A cluster with Flannel in it, whose pods reach the Internet.

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_cidr        = "172.20.0.0/16"
  service_cidr    = "172.21.0.0/20"
  new_nat_gateway = true

  addons {
    name = "flannel"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "main"
  vswitch_ids    = [alicloud_vswitch.node.id]
}
