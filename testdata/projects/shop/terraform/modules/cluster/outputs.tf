output "cluster_id" {
  value = alicloud_cs_managed_kubernetes.this.id
}

output "security_group_id" {
  value = alicloud_security_group.nodes.id
}
