# A managed ACK cluster with Terway and NetworkPolicy.

resource "alicloud_security_group" "nodes" {
  security_group_name = "${var.name}-nodes"
  security_group_type = "enterprise"
  vpc_id              = var.vpc_id
}

resource "alicloud_security_group_rule" "ingress_vpc" {
  type              = "ingress"
  ip_protocol       = "all"
  nic_type          = "intranet"
  policy            = "accept"
  priority          = 10
  cidr_ip           = var.vpc_cidr
  security_group_id = alicloud_security_group.nodes.id
}

# An enterprise group denies outbound traffic that no rule accepts.
resource "alicloud_security_group_rule" "egress" {
  for_each = var.egress_rules

  type              = "egress"
  ip_protocol       = each.value.protocol
  nic_type          = "intranet"
  policy            = "accept"
  priority          = 10
  port_range        = each.value.port_range
  cidr_ip           = each.value.cidr
  security_group_id = alicloud_security_group.nodes.id
}

resource "alicloud_cs_managed_kubernetes" "this" {
  name         = var.name
  version      = var.kubernetes_version
  cluster_spec = "ack.pro.small"
  proxy_mode   = "ipvs"

  vswitch_ids       = var.node_vswitch_ids
  pod_vswitch_ids   = var.pod_vswitch_ids
  service_cidr      = var.service_cidr
  security_group_id = alicloud_security_group.nodes.id

  new_nat_gateway      = false
  slb_internet_enabled = false

  addons {
    name = "terway-eniip"
    config = jsonencode({
      IPVlan        = "false"
      NetworkPolicy = "true"
      ENITrunking   = "false"
    })
  }

  dynamic "addons" {
    for_each = var.addons

    content {
      name   = addons.value.name
      config = addons.value.config
    }
  }
}

resource "alicloud_cs_kubernetes_node_pool" "this" {
  for_each = var.node_pools

  cluster_id            = alicloud_cs_managed_kubernetes.this.id
  node_pool_name        = each.key
  vswitch_ids           = var.node_vswitch_ids
  security_group_ids    = [alicloud_security_group.nodes.id]
  instance_types        = each.value.instance_types
  desired_size          = each.value.size
  system_disk_category  = "cloud_essd"
  system_disk_size      = 120
  image_type            = "AliyunLinux3"
  runtime_name          = "containerd"
  install_cloud_monitor = true
}
