module "network" {
  source = "../../modules/network"

  name     = var.name
  vpc_cidr = var.vpc_cidr
  zones    = var.zones
  nat_zone = "cn-beijing-g"
}

resource "alicloud_security_group" "nodes" {
  security_group_name = "${var.name}-nodes"
  security_group_type = "normal"
  vpc_id              = module.network.vpc_id
}

resource "alicloud_security_group_rule" "ingress" {
  for_each = toset([var.vpc_cidr, var.pod_cidr])

  type              = "ingress"
  ip_protocol       = "all"
  nic_type          = "intranet"
  policy            = "accept"
  priority          = 1
  cidr_ip           = each.value
  security_group_id = alicloud_security_group.nodes.id
}

module "cluster" {
  source = "../../modules/cluster"

  name               = var.name
  kubernetes_version = var.kubernetes_version
  node_vswitch_ids   = values(module.network.node_vswitch_ids)
  pod_cidr           = var.pod_cidr
  service_cidr       = var.service_cidr
  security_group_id  = alicloud_security_group.nodes.id

  node_pools = {
    general = { instance_types = ["ecs.g7.xlarge"], size = 6 }
  }
}

module "data" {
  source = "../../modules/data"

  name              = var.name
  zone_id           = "cn-beijing-g"
  vswitch_id        = module.network.data_vswitch_ids["cn-beijing-g"]
  polardb_whitelist = module.network.node_cidr_blocks
  rds_whitelist     = module.network.node_cidr_blocks
  redis_whitelist   = module.network.node_cidr_blocks
}
