variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "kubernetes_version" {
  description = "Kubernetes version of the control plane."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the cluster."
  type        = string
}

variable "vpc_cidr" {
  description = "CIDR block of the VPC."
  type        = string
}

variable "service_cidr" {
  description = "CIDR block of ClusterIPs; must not overlap the VPC."
  type        = string
}

variable "node_vswitch_ids" {
  description = "vSwitches of the control plane and of the nodes, one in each zone."
  type        = list(string)
}

variable "pod_vswitch_ids" {
  description = "vSwitches that Terway takes pod addresses from, one in each zone."
  type        = list(string)
}

variable "egress_rules" {
  description = "Outbound traffic that nodes and pods may send."
  type = map(object({
    protocol   = string
    port_range = string
    cidr       = string
  }))
}

variable "addons" {
  description = "Add-ons beside the network plug-in."
  type = list(object({
    name   = string
    config = optional(string, "")
  }))
  default = [
    { name = "csi-plugin" },
    { name = "csi-provisioner" },
    { name = "coredns" },
  ]
}

variable "node_pools" {
  description = "Node pools by name."
  type = map(object({
    instance_types = list(string)
    size           = number
  }))
}
