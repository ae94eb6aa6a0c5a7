module "network" {
  source = "../../modules/network"

  name      = var.name
  vpc_cidr  = var.vpc_cidr
  zones     = var.zones
  nat_zone  = "cn-hangzhou-h"
  eip_count = 2
}

module "cluster" {
  source = "../../modules/cluster"

  name               = var.name
  kubernetes_version = var.kubernetes_version
  vpc_id             = module.network.vpc_id
  vpc_cidr           = var.vpc_cidr
  service_cidr       = var.service_cidr
  node_vswitch_ids   = module.network.node_vswitch_ids
  pod_vswitch_ids    = module.network.pod_vswitch_ids

  egress_rules = {
    vpc      = { protocol = "all", port_range = "-1/-1", cidr = var.vpc_cidr }
    platform = { protocol = "all", port_range = "-1/-1", cidr = "100.64.0.0/10" }
    http     = { protocol = "tcp", port_range = "80/80", cidr = "0.0.0.0/0" }
    https    = { protocol = "tcp", port_range = "443/443", cidr = "0.0.0.0/0" }
  }

  node_pools = {
    general = { instance_types = ["ecs.g7.xlarge", "ecs.g6.xlarge"], size = 6 }
    batch   = { instance_types = ["ecs.c7.2xlarge"], size = 3 }
  }
}

module "data" {
  source = "../../modules/data"

  name              = var.name
  zone_id           = "cn-hangzhou-h"
  vswitch_id        = module.network.data_vswitch_ids["cn-hangzhou-h"]
  rds_whitelist     = module.network.pod_cidr_blocks
  redis_whitelist   = module.network.pod_cidr_blocks
  mongodb_whitelist = module.network.pod_cidr_blocks
}
