output "cluster_id" {
  value = module.cluster.cluster_id
}

output "orders_host" {
  value = module.data.orders_host
}

output "carts_host" {
  value = module.data.carts_host
}
