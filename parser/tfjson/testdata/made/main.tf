variable "n" { default = 2 }
variable "s" {
  type      = string
  default   = "x"
  sensitive = true
}
resource "terraform_data" "keys" {
  for_each = toset(["a b", "q\"q", "ü", "a.b[0]", "back\\slash"])
  input    = each.key
}
resource "terraform_data" "n" {
  count = var.n
  input = { i = count.index, s = var.s, big = 12345678901234567890, f = 1.50, e = 1e30 }
}
resource "terraform_data" "refs" {
  for_each = terraform_data.keys
  input    = [each.value.id, terraform_data.n[0].id, terraform_data.keys["q\"q"].id, module.m["k.k"].out]
}
module "m" {
  source   = "./m"
  for_each = toset(["k.k", "z"])
  x        = each.key
  id       = terraform_data.n[1].id
}
resource "terraform_data" "byext" {
  for_each = module.m
  input    = each.value.out
}
