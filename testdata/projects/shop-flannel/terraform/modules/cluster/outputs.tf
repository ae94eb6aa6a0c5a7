output "cluster_id" {
  value = alicloud_cs_managed_kubernetes.this.id
}
