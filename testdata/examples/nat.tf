# A NAT gateway with an EIP, to which the examples add SNAT entries.

resource "alicloud_nat_gateway" "main" {
  vpc_id     = alicloud_vpc.main.id
  vswitch_id = alicloud_vswitch.node.id
  nat_type   = "Enhanced"
}

resource "alicloud_eip_address" "nat" {
  address_name = "nat"
}

resource "alicloud_eip_association" "nat" {
  allocation_id = alicloud_eip_address.nat.id
  instance_id   = alicloud_nat_gateway.main.id
}
