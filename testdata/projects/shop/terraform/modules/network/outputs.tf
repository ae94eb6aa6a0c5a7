output "vpc_id" {
  value = alicloud_vpc.this.id
}

output "node_vswitch_ids" {
  value = [for zone in sort(keys(var.zones)) : alicloud_vswitch.node[zone].id]
}

output "pod_vswitch_ids" {
  value = [for zone in sort(keys(var.zones)) : alicloud_vswitch.pod[zone].id]
}

output "data_vswitch_ids" {
  value = { for zone, vswitch in alicloud_vswitch.data : zone => vswitch.id }
}

output "node_cidr_blocks" {
  value = values(alicloud_vswitch.node)[*].cidr_block
}

output "pod_cidr_blocks" {
  value = values(alicloud_vswitch.pod)[*].cidr_block
}
