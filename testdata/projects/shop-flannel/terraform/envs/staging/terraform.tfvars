region             = "cn-beijing"
name               = "store-staging"
vpc_cidr           = "10.30.0.0/16"
pod_cidr           = "172.24.0.0/16"
service_cidr       = "172.25.0.0/20"
kubernetes_version = "1.32.1-aliyun.1"

zones = {
  "cn-beijing-g" = {
    node_cidr = "10.30.0.0/22"
    data_cidr = "10.30.16.0/24"
  }
  "cn-beijing-h" = {
    node_cidr = "10.30.4.0/22"
    data_cidr = "10.30.17.0/24"
  }
  "cn-beijing-k" = {
    node_cidr = "10.30.8.0/22"
    data_cidr = "10.30.18.0/24"
  }
}
