# A managed ACK cluster with Flannel.

resource "alicloud_cs_managed_kubernetes" "this" {
  name         = var.name
  version      = var.kubernetes_version
  cluster_spec = "ack.pro.small"
  proxy_mode   = "ipvs"

  vswitch_ids       = var.node_vswitch_ids
  pod_cidr          = var.pod_cidr
  pod_vswitch_ids   = var.pod_vswitch_ids
  node_cidr_mask    = 25
  service_cidr      = var.service_cidr
  security_group_id = var.security_group_id

  new_nat_gateway      = false
  slb_internet_enabled = false

  dynamic "addons" {
    for_each = var.addons

    content {
      name   = addons.value
      config = ""
    }
  }
}

resource "alicloud_cs_kubernetes_node_pool" "this" {
  for_each = var.node_pools

  cluster_id           = alicloud_cs_managed_kubernetes.this.id
  node_pool_name       = each.key
  vswitch_ids          = var.node_vswitch_ids
  security_group_ids   = [var.security_group_id]
  instance_types       = each.value.instance_types
  desired_size         = each.value.size
  system_disk_category = "cloud_essd"
  system_disk_size     = 120
  image_type           = "AliyunLinux3"
  runtime_name         = "containerd"
}
