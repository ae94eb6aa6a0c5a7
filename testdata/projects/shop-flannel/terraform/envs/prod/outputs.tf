output "cluster_id" {
  value = module.cluster.cluster_id
}
