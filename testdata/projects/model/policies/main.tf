# Policies that stop several things at one place, a rule that denies name resolution, a
# load balancer that sends packets to pods, and a pod that asks the node's resolver.

resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}

resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.1.0.0/16"
}

resource "alicloud_cs_managed_kubernetes" "main" {
  name            = "main"
  vswitch_ids     = [alicloud_vswitch.pod.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  version         = "1.32.1-aliyun.1"
  proxy_mode      = "ipvs"

  addons {
    name   = "terway-eniip"
    config = jsonencode({ IPVlan = "false", NetworkPolicy = "true" })
  }
}
