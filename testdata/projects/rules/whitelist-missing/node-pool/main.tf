# The whitelist holds the nodes of the only pool that can run the pods.

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

resource "alicloud_vswitch" "data" {
  vswitch_name = "data"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.8.0/24"
}

resource "alicloud_vswitch" "batch" {
  vswitch_name = "batch"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.16.0/24"
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  version         = "1.32.1-aliyun.1"
  vswitch_ids     = [alicloud_vswitch.node.id]
  pod_cidr        = "172.20.0.0/16"
  service_cidr    = "172.21.0.0/20"

  addons {
    name = "flannel"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "main"
  vswitch_ids    = [alicloud_vswitch.node.id]

  labels {
    key   = "pool"
    value = "main"
  }
}

resource "alicloud_cs_kubernetes_node_pool" "batch" {
  cluster_id     = alicloud_cs_managed_kubernetes.main.id
  node_pool_name = "batch"
  vswitch_ids    = [alicloud_vswitch.batch.id]

  labels {
    key   = "pool"
    value = "batch"
  }
}

resource "alicloud_db_instance" "orders" {
  instance_name            = "orders"
  engine                   = "MySQL"
  engine_version           = "8.0"
  instance_type            = "mysql.n2.large.2c"
  instance_storage         = 100
  vswitch_id               = alicloud_vswitch.data.id
  connection_string_prefix = "orders-prod"
  security_ips             = [alicloud_vswitch.node.cidr_block]
}
