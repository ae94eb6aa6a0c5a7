region             = "cn-hangzhou"
name               = "shop-staging"
vpc_cidr           = "10.20.0.0/16"
service_cidr       = "172.22.0.0/20"
kubernetes_version = "1.32.1-aliyun.1"

zones = {
  "cn-hangzhou-h" = {
    node_cidr = "10.20.0.0/24"
    data_cidr = "10.20.8.0/24"
    pod_cidr  = "10.20.64.0/19"
  }
  "cn-hangzhou-i" = {
    node_cidr = "10.20.1.0/24"
    data_cidr = "10.20.9.0/24"
    pod_cidr  = "10.20.96.0/19"
  }
  "cn-hangzhou-j" = {
    node_cidr = "10.20.2.0/24"
    data_cidr = "10.20.10.0/24"
    pod_cidr  = "10.20.128.0/19"
  }
}
