# The module's caller writes the list.

module "cache" {
  source = "./cache"
  whitelist = [
    "10.0.64.0/18",
    "0.0.0.0/0", # want whitelist-open
  ]
}
