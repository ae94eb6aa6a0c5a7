# alibaba/rds/alicloud, 2.2: an instance unless existing_instance_id names one, and with
# connection_prefix a public connection to it. Databases and accounts do not matter here.
# Source: github.com/terraform-alicloud-modules/terraform-alicloud-rds, v2.2.0
variable "create_instance" { default = true }
variable "existing_instance_id" { default = "" }
variable "instance_id" { default = "" }
variable "engine" { default = "" }
variable "engine_version" { default = "" }
variable "instance_name" { default = "" }
variable "vswitch_id" { default = "" }
variable "security_ips" { default = [] }
variable "security_group_ids" { default = [] }
variable "vpc_security_group_ids" { default = [] }
variable "allocate_public_connection" { default = true }
variable "connection_prefix" { default = "" }
variable "port" { default = 3306 }

locals {
  instance = var.existing_instance_id != "" ? var.existing_instance_id : var.instance_id != "" ? var.instance_id : one(alicloud_db_instance.this[*].id)
}

resource "alicloud_db_instance" "this" {
  count              = var.create_instance && var.existing_instance_id == "" ? 1 : 0
  engine             = var.engine
  engine_version     = var.engine_version
  instance_name      = var.instance_name
  vswitch_id         = var.vswitch_id
  security_ips       = var.security_ips
  security_group_ids = length(var.security_group_ids) > 0 ? var.security_group_ids : var.vpc_security_group_ids
}
resource "alicloud_db_connection" "db_connection" {
  count             = (var.create_instance || var.existing_instance_id != "") && var.allocate_public_connection && var.connection_prefix != "" ? 1 : 0
  instance_id       = local.instance
  connection_prefix = var.connection_prefix
  port              = var.port
}

output "this_db_instance_id" { value = local.instance }
output "db_instance_id" { value = local.instance }
output "this_db_instance_engine" { value = one(alicloud_db_instance.this[*].engine) }
output "this_db_instance_security_ips" { value = one(alicloud_db_instance.this[*].security_ips) }
output "this_db_instance_vswitch_id" { value = one(alicloud_db_instance.this[*].vswitch_id) }
output "this_db_instance_connection_string" { value = one(alicloud_db_instance.this[*].connection_string) }
output "this_db_instance_port" { value = one(alicloud_db_instance.this[*].port) }
