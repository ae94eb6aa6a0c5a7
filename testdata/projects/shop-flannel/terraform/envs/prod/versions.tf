terraform {
  required_version = ">= 1.5"

  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = "~> 1.250"
    }
  }

  backend "oss" {
    bucket = "shop-terraform-state"
    prefix = "flannel-prod"
    region = "cn-beijing"
  }
}

provider "alicloud" {
  region = var.region
}
