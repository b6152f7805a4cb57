variable "deletion_protection" {
  description = "Whether Terraform refuses to delete a secret."
  type        = bool
}

variable "project_id" {
  description = "Project of the secrets."
  type        = string
}

variable "secrets" {
  description = "Name of the secret -> who may read it (workload -> member) and the length of the random value it begins with (null: a person gives the value)."
  type = map(object({
    accessors       = map(string)
    generate_length = optional(number)
  }))

  validation {
    condition     = alltrue([for name, secret in var.secrets : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,254}$", name))])
    error_message = "secrets: found ${join(", ", keys(var.secrets))}, expected names of letters, digits, - and _, such as SHOP_PASSWORD."
  }
}
