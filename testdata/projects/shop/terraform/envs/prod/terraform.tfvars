region             = "cn-hangzhou"
name               = "shop-prod"
vpc_cidr           = "10.10.0.0/16"
service_cidr       = "172.21.0.0/20"
kubernetes_version = "1.32.1-aliyun.1"

zones = {
  "cn-hangzhou-h" = {
    node_cidr = "10.10.0.0/24"
    data_cidr = "10.10.8.0/24"
    pod_cidr  = "10.10.64.0/19"
  }
  "cn-hangzhou-i" = {
    node_cidr = "10.10.1.0/24"
    data_cidr = "10.10.9.0/24"
    pod_cidr  = "10.10.96.0/19"
  }
  "cn-hangzhou-j" = {
    node_cidr = "10.10.2.0/24"
    data_cidr = "10.10.10.0/24"
    pod_cidr  = "10.10.128.0/19"
  }
}
