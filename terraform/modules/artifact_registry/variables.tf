variable "access" {
  description = "Who may pull (read) or push (write): a key of the caller's choosing -> repository (images or functions), mode and member."
  type = map(object({
    member     = string
    mode       = string
    repository = string
  }))

  validation {
    condition     = alltrue([for grant in var.access : contains(["images", "functions"], grant.repository) && contains(["read", "write"], grant.mode)])
    error_message = "access: found ${join(", ", [for grant in var.access : "${grant.repository} ${grant.mode}"])}, expected a repository of images, functions and a mode of read, write."
  }
}

variable "project_id" {
  description = "Project of the repositories."
  type        = string
}

variable "region" {
  description = "Region of the repositories."
  type        = string
}
