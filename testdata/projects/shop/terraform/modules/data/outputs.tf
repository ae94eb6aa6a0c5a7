output "orders_host" {
  value = alicloud_db_instance.orders.connection_string
}

output "carts_host" {
  value = alicloud_kvstore_instance.carts.connection_domain
}
