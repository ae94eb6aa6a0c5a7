# Orders in PolarDB, the stock in PostgreSQL, carts in Redis.

resource "alicloud_polardb_cluster" "orders" {
  description   = "${var.name}-orders"
  db_type       = "MySQL"
  db_version    = "8.0"
  db_node_class = "polar.mysql.x4.large"
  pay_type      = "PostPaid"
  vswitch_id    = var.vswitch_id

  db_cluster_ip_array {
    db_cluster_ip_array_name = "default"
    security_ips             = var.polardb_whitelist
  }
}

resource "alicloud_db_instance" "stock" {
  instance_name            = "${var.name}-stock"
  engine                   = "PostgreSQL"
  engine_version           = "16.0"
  instance_type            = "pg.n2.2c.2m"
  instance_storage         = 100
  db_instance_storage_type = "cloud_essd"
  vswitch_id               = var.vswitch_id
  connection_string_prefix = "${var.name}-stock"
  security_ips             = var.rds_whitelist
}

resource "alicloud_kvstore_instance" "carts" {
  db_instance_name          = "${var.name}-carts"
  instance_type             = "Redis"
  engine_version            = "7.0"
  instance_class            = "redis.shard.small.2.ce"
  zone_id                   = var.zone_id
  vswitch_id                = var.vswitch_id
  private_connection_prefix = "${var.name}-carts"
  security_ips              = var.redis_whitelist
}
