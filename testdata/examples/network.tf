# What the examples of the rules stand on: a VPC with a vSwitch for each purpose.

resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "alicloud_vswitch" "node" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.0.0.0/24"
}

resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.0.64.0/18"
}

resource "alicloud_vswitch" "data" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.0.8.0/24"
}
