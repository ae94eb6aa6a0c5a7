module "network" {
  source = "../../modules/network"

  name           = var.name
  vpc_cidr       = var.vpc_cidr
  zones          = var.zones
  nat_zone       = "cn-beijing-g"
  internet_zones = ["cn-beijing-g", "cn-beijing-h"]
}

# The payment provider admits this address; nodes in zone k send from it.
resource "alicloud_eip_address" "payments" {
  address_name         = "${var.name}-payments"
  bandwidth            = "10"
  internet_charge_type = "PayByTraffic"
  payment_type         = "PayAsYouGo"
}

resource "alicloud_snat_entry" "payments" {
  snat_table_id     = module.network.snat_table_id
  snat_entry_name   = "${var.name}-payments"
  source_vswitch_id = module.network.node_vswitch_ids["cn-beijing-k"]
  snat_ip           = alicloud_eip_address.payments.ip_address # want snat-eip-not-associated
}

resource "alicloud_security_group" "nodes" { # want security-group-egress-missing
  security_group_name = "${var.name}-nodes"
  security_group_type = "enterprise"
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
    general = { instance_types = ["ecs.g7.xlarge"], size = 3 }
  }
}

module "data" {
  source = "../../modules/data"

  name              = var.name
  zone_id           = "cn-beijing-g"
  vswitch_id        = module.network.data_vswitch_ids["cn-beijing-g"]
  polardb_whitelist = ["0.0.0.0/0"]                                                              # want whitelist-open
  rds_whitelist     = [var.pod_cidr]                                                             # want whitelist-wrong-vswitch
  redis_whitelist   = [var.zones["cn-beijing-g"].node_cidr, var.zones["cn-beijing-h"].node_cidr] # want whitelist-missing
}
