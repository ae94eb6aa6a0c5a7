variable "name" {
  description = "Prefix of the instances' names and connection addresses."
  type        = string
}

variable "zone_id" {
  description = "Zone of the instances."
  type        = string
}

variable "vswitch_id" {
  description = "vSwitch of the instances."
  type        = string
}

variable "polardb_whitelist" {
  description = "CIDR blocks that may connect to the order database."
  type        = list(string)
}

variable "rds_whitelist" {
  description = "CIDR blocks that may connect to the stock database."
  type        = list(string)
}

variable "redis_whitelist" {
  description = "CIDR blocks that may connect to the carts."
  type        = list(string)
}
