variable "project_id" {
  description = "Project that will hold the stack."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: found \"${var.project_id}\", expected 6 to 30 lower-case letters, digits and hyphens beginning with a letter (the id, not the name or number), such as \"acme-analytics\"."
  }
}

variable "region" {
  description = "Region of the state's bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region: found \"${var.region}\", expected a region, neither a zone nor a continent, such as \"europe-west1\"."
  }
}
