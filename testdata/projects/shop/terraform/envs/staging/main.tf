module "network" {
  source = "../../modules/network"

  name     = var.name
  vpc_cidr = var.vpc_cidr
  zones    = var.zones
  nat_zone = "cn-hangzhou-h"

  # Zone j came later.
  internet_zones = ["cn-hangzhou-h", "cn-hangzhou-i"]
}

module "cluster" {
  source = "../../modules/cluster"

  name               = var.name
  kubernetes_version = var.kubernetes_version
  vpc_id             = module.network.vpc_id
  vpc_cidr           = var.vpc_cidr
  service_cidr       = var.service_cidr
  node_vswitch_ids   = module.network.node_vswitch_ids
  pod_vswitch_ids    = module.network.pod_vswitch_ids # want snat-missing

  egress_rules = {
    all = { protocol = "all", port_range = "-1/-1", cidr = "0.0.0.0/0" }
  }

  node_pools = {
    general = { instance_types = ["ecs.g7.xlarge"], size = 3 }
  }
}

# Nothing here has business in shared address space.
resource "alicloud_security_group_rule" "no_shared_address_space" { # want security-group-egress-dropped
  type              = "egress"
  ip_protocol       = "all"
  nic_type          = "intranet"
  policy            = "drop"
  priority          = 1
  port_range        = "-1/-1"
  cidr_ip           = "100.64.0.0/10"
  security_group_id = module.cluster.security_group_id
}

module "data" {
  source = "../../modules/data"

  name              = var.name
  zone_id           = "cn-hangzhou-h"
  vswitch_id        = module.network.data_vswitch_ids["cn-hangzhou-h"]
  rds_whitelist     = module.network.node_cidr_blocks    # want whitelist-wrong-vswitch
  redis_whitelist   = ["10.20.64.0/19", "10.20.96.0/19"] # want whitelist-missing
  mongodb_whitelist = ["0.0.0.0/0"]                      # want whitelist-open
}
