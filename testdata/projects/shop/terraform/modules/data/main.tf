# Orders in MySQL, carts in Redis, the catalogue in MongoDB.

resource "alicloud_db_instance" "orders" {
  instance_name            = "${var.name}-orders"
  engine                   = "MySQL"
  engine_version           = "8.0"
  instance_type            = "mysql.n2.large.2c"
  instance_storage         = 100
  db_instance_storage_type = "cloud_essd"
  vswitch_id               = var.vswitch_id
  connection_string_prefix = "${var.name}-orders"
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

resource "alicloud_mongodb_instance" "catalogue" {
  name                = "${var.name}-catalogue"
  engine_version      = "7.0"
  db_instance_class   = "mdb.shard.2x.large.d"
  db_instance_storage = 50
  zone_id             = var.zone_id
  vswitch_id          = var.vswitch_id
  security_ip_list    = var.mongodb_whitelist
}
