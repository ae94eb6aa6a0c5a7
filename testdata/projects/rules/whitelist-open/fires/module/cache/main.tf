variable "whitelist" {
  type = list(string)
}

resource "alicloud_kvstore_instance" "carts" {
  db_instance_name = "carts"
  instance_type    = "Redis"
  instance_class   = "redis.shard.small.2.ce"
  security_ips     = distinct(var.whitelist)
}
