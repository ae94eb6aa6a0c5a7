variable "x" {}
variable "id" {}
resource "terraform_data" "in" { input = "${var.x}-${var.id}" }
output "out" { value = terraform_data.in.id }
