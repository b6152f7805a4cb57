variable "access" {
  description = "Who may do what: a key of the caller's choosing -> bucket (bronze, lake, ops, source), mode (read or write), member, and the object-name prefixes it is held to (none: the whole bucket)."
  type = map(object({
    bucket   = string
    mode     = string
    member   = string
    prefixes = optional(list(string), [])
  }))

  validation {
    condition     = alltrue([for grant in var.access : contains(["bronze", "lake", "ops", "source"], grant.bucket) && contains(["read", "write"], grant.mode)])
    error_message = "access: expected a bucket of bronze, lake, ops, source and a mode of read, write, such as {bucket = \"lake\", mode = \"read\"}; found ${join(", ", [for grant in var.access : "${grant.bucket} ${grant.mode}"])}."
  }

  validation {
    condition     = alltrue(flatten([for grant in var.access : [for prefix in grant.prefixes : can(regex("^[a-z][a-z0-9_/-]*/$", prefix))]]))
    error_message = "access: expected prefixes that end in a slash, such as \"releases/\"; found ${join(" ", flatten([for grant in var.access : grant.prefixes]))}."
  }
}

variable "deletion_protection" {
  description = "Whether a bucket that holds objects refuses to be destroyed."
  type        = bool
}

variable "project_id" {
  description = "Project of the buckets; their names begin with it."
  type        = string
}

variable "region" {
  description = "Region of the buckets: that of the trigger, or no event comes."
  type        = string
}
