variable "name" {
  description = "Name of the VPC and prefix of everything in it."
  type        = string
}

variable "vpc_cidr" {
  description = "CIDR block of the VPC."
  type        = string
}

variable "zones" {
  description = "CIDR blocks of the node and data vSwitch of each zone, by zone id."
  type = map(object({
    node_cidr = string
    data_cidr = string
  }))
}

variable "nat_zone" {
  description = "Zone whose node vSwitch holds the NAT gateway."
  type        = string
}

variable "internet_zones" {
  description = "Zones whose nodes share the NAT gateway's EIP; all of them if not set."
  type        = list(string)
  default     = null
}
