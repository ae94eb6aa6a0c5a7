variable "region" {
  type = string
}

variable "name" {
  type = string
}

variable "vpc_cidr" {
  type = string
}

variable "pod_cidr" {
  type = string
}

variable "service_cidr" {
  type = string
}

variable "kubernetes_version" {
  type = string
}

variable "zones" {
  type = map(object({
    node_cidr = string
    data_cidr = string
  }))
}
