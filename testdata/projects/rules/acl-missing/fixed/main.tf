# The white list holds the pods' vSwitch, the black list does not.

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

resource "alicloud_vswitch" "data" {
  vswitch_name = "data"
  vpc_id       = alicloud_vpc.main.id
  zone_id      = "cn-hangzhou-h"
  cidr_block   = "10.0.8.0/24"
}

resource "alicloud_slb_load_balancer" "orders" {
  load_balancer_name = "orders"
  address_type       = "intranet"
  vswitch_id         = alicloud_vswitch.data.id
  address            = "10.0.8.20"
}

resource "alicloud_slb_acl" "orders" {
  name = "orders"
}

resource "alicloud_slb_acl_entry_attachment" "office" {
  acl_id = alicloud_slb_acl.orders.id
  entry  = "192.168.10.0/24"
}

resource "alicloud_slb_acl_entry_attachment" "pod" {
  acl_id = alicloud_slb_acl.orders.id
  entry  = alicloud_vswitch.pod.cidr_block
}

resource "alicloud_slb_listener" "orders" {
  load_balancer_id = alicloud_slb_load_balancer.orders.id
  protocol         = "tcp"
  frontend_port    = 8443
  backend_port     = 8443
  bandwidth        = -1
  acl_status       = "on"
  acl_type         = "white"
  acl_ids          = [alicloud_slb_acl.orders.id]
}

resource "alicloud_slb_acl" "banned" {
  name = "banned"
}

resource "alicloud_slb_acl_entry_attachment" "banned" {
  acl_id = alicloud_slb_acl.banned.id
  entry  = "10.0.32.0/19"
}

resource "alicloud_slb_listener" "admin" {
  load_balancer_id = alicloud_slb_load_balancer.orders.id
  protocol         = "tcp"
  frontend_port    = 9443
  backend_port     = 9443
  bandwidth        = -1
  acl_status       = "on"
  acl_type         = "black"
  acl_ids          = [alicloud_slb_acl.banned.id]
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
