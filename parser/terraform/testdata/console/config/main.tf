variable "cidr" {
  type    = string
  default = "10.0.0.0/8"
}

variable "flag" {
  type    = bool
  default = true
}

variable "ports" {
  type    = list(number)
  default = [80, 443]
}

variable "zones" {
  type    = set(string)
  default = ["h", "g", "i", "h"]
}

variable "tags" {
  type    = map(string)
  default = { env = "prod", team = "net" }
}

variable "empty" {
  type    = string
  default = null
}

variable "pools" {
  type = map(object({
    size   = number
    labels = optional(map(string), { a = "b" })
    taints = optional(list(object({ key = string, value = optional(string, "true") })), [])
    note   = optional(string)
  }))
  default = {
    one = { size = 1 }
    two = { size = "2", labels = {}, taints = [{ key = "k" }, { key = "l", value = "v" }] }
  }
}

variable "any" {
  type    = any
  default = { a = [1, "b", true], n = null }
}

variable "tuple" {
  type    = tuple([string, number])
  default = ["a", "1"]
}

locals {
  list             = ["a", "b", "c"]
  nested           = [["a"], [], ["b", ["c"]]]
  objects          = [{ id = "1", n = { x = 1 } }, { id = "2", n = { x = 2 } }]
  heredoc          = <<-EOT
      one
        two ${var.cidr}
      %{if var.flag~}
      three
      %{endif~}
    EOT
  plain            = <<EOT
a ${1 + 1} $${x} %%{y}
EOT
  chain1           = local.chain2
  chain2           = [for z in var.zones : upper(z)]
  wrapped          = "${var.ports}"
  wrapped_template = "v=$${a}"
  unicode          = "héllo wörld 日本 👩‍👩‍👧"
}
