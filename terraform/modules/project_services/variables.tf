variable "kms_key" {
  description = "Customer-managed key that Google's agents shall be allowed to use; null: Google's own keys."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project whose APIs are enabled."
  type        = string
}

variable "project_number" {
  description = "Number of that project; it names Google's service agents."
  type        = string
}
