output "vpc_id" {
  value = alicloud_vpc.this.id
}

output "node_vswitch_ids" {
  value = { for zone, vswitch in alicloud_vswitch.node : zone => vswitch.id }
}

output "data_vswitch_ids" {
  value = { for zone, vswitch in alicloud_vswitch.data : zone => vswitch.id }
}

output "node_cidr_blocks" {
  value = values(alicloud_vswitch.node)[*].cidr_block
}

output "snat_table_id" {
  value = alicloud_nat_gateway.this.snat_table_ids
}
