region             = "cn-beijing"
name               = "store-prod"
vpc_cidr           = "192.168.0.0/16"
pod_cidr           = "172.20.0.0/16"
service_cidr       = "172.21.0.0/20"
kubernetes_version = "1.32.1-aliyun.1"

zones = {
  "cn-beijing-g" = {
    node_cidr = "192.168.0.0/22"
    data_cidr = "192.168.16.0/24"
  }
  "cn-beijing-h" = {
    node_cidr = "192.168.4.0/22"
    data_cidr = "192.168.17.0/24"
  }
  "cn-beijing-k" = {
    node_cidr = "192.168.8.0/22"
    data_cidr = "192.168.18.0/24"
  }
}
