variable "cidr" {
  description = "Private range of the subnet, /20 to /26, such as 10.10.0.0/24."
  type        = string

  validation {
    condition = can(cidrhost(var.cidr, 0)) && try(
      cidrsubnet(var.cidr, 0, 0) == var.cidr && tonumber(split("/", var.cidr)[1]) >= 20 && tonumber(split("/", var.cidr)[1]) <= 26
      && anytrue([for private in ["10.", "192.168.", "172.1", "172.2", "172.3"] : startswith(var.cidr, private)]),
      false
    )
    error_message = "cidr: found \"${var.cidr}\", expected a private range from /20 to /26 without host bits, such as \"10.10.0.0/24\". Cloud Run needs at least a /26."
  }
}

variable "project_id" {
  description = "Project that holds the network."
  type        = string
}

variable "region" {
  description = "Region of the subnet."
  type        = string
}
