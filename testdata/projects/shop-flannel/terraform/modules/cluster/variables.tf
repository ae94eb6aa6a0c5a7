variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "kubernetes_version" {
  description = "Kubernetes version of the control plane."
  type        = string
}

variable "node_vswitch_ids" {
  description = "vSwitches of the control plane and of the nodes, one in each zone."
  type        = list(string)
}

variable "pod_cidr" {
  description = "CIDR block of pods; must overlap neither the VPC nor the Services."
  type        = string
}

variable "pod_vswitch_ids" {
  description = "vSwitches that Terway takes pod addresses from."
  type        = list(string)
  default     = null
}

variable "service_cidr" {
  description = "CIDR block of ClusterIPs; must overlap neither the VPC nor the pods."
  type        = string
}

variable "security_group_id" {
  description = "Security group of the nodes."
  type        = string
}

variable "addons" {
  description = "Add-ons of the cluster, the network plug-in among them."
  type        = list(string)
  default     = ["flannel", "coredns", "csi-plugin", "csi-provisioner"]
}

variable "node_pools" {
  description = "Node pools by name."
  type = map(object({
    instance_types = list(string)
    size           = number
  }))
}
