variable "airbyte" {
  description = "Who moves the data: job (our own ingestion/ on Cloud Run), cloud (Airbyte Cloud) or self_managed (an Airbyte of yours, at airbyte_url). docs/cost.md says what each costs."
  type        = string
  default     = "job"

  validation {
    condition     = contains(["job", "cloud", "self_managed"], var.airbyte)
    error_message = "airbyte: found \"${var.airbyte}\", expected job, cloud or self_managed, such as airbyte = \"job\"."
  }
}

variable "airbyte_url" {
  description = "With airbyte = self_managed: root of its public API. It must be reachable over https from the internet side of Cloud Run."
  type        = string
  default     = null

  validation {
    condition     = var.airbyte == "self_managed" ? can(regex("^https://[a-z0-9.-]+(:[0-9]+)?/.*v1$", var.airbyte_url)) : var.airbyte_url == null
    error_message = "airbyte_url: found ${var.airbyte_url == null ? "nothing" : "\"${var.airbyte_url}\""} with airbyte = \"${var.airbyte}\"; expected an https address that ends in /v1, such as \"https://airbyte.example.com/api/public/v1\", with self_managed, and nothing otherwise."
  }
}

variable "billing_account" {
  description = "Billing account of the project, for the budget; null: no budget. Whoever applies must be allowed to manage its costs."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null ? true : can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account: found \"${coalesce(var.billing_account, "nothing")}\", expected an id such as \"012345-6789AB-CDEF01\"; gcloud billing accounts list shows it."
  }
}

variable "budget_amount" {
  description = "What a month may cost, in whole units of the billing account's currency, before mails go out."
  type        = number
  default     = 50

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount: found ${var.budget_amount}, expected a whole number of at least 1, such as 50."
  }
}

variable "connections" {
  description = "Connection (as its file in connections/ is named) -> what its file does not say: size and time limit of its sync job, the subnetwork (full name) through which it reaches a source with a private address, and the image of its connector by digest where the build does not make it. With airbyte = job only."
  type = map(object({
    cpu             = optional(string, "1")
    image           = optional(string)
    memory          = optional(string, "1Gi")
    subnetwork      = optional(string)
    timeout_seconds = optional(number, 3600)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.connections), keys(local.connection_files))) == 0
    error_message = "connections: found ${join(", ", keys(var.connections))}, expected names of files in connections/: ${join(", ", keys(local.connection_files))}. What has a file needs no line here."
  }

  validation {
    condition     = alltrue([for connection in var.connections : connection.image == null ? true : can(regex("^[a-z0-9.-]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$", connection.image))])
    error_message = "connections: found images ${join(", ", [for connection in var.connections : coalesce(connection.image, "none")])}, expected each by digest, such as \"europe-west1-docker.pkg.dev/acme/images/shop@sha256:<64 hex digits>\"."
  }

  validation {
    condition     = alltrue([for connection in var.connections : connection.subnetwork == null ? true : can(regex("^projects/[^/]+/regions/${var.region}/subnetworks/[^/]+$", connection.subnetwork))])
    error_message = "connections: found subnetworks ${join(", ", [for connection in var.connections : coalesce(connection.subnetwork, "none")])}, expected each in ${var.region}, such as \"projects/acme-network/regions/${var.region}/subnetworks/sources\"."
  }

  validation {
    condition     = alltrue([for connection in var.connections : connection.timeout_seconds >= 60 && connection.timeout_seconds <= 72000])
    error_message = "connections: found timeouts of ${join(", ", [for connection in var.connections : connection.timeout_seconds])} s, expected 60 to 72000; an event that watches a sync is given up after a day."
  }
}

variable "deletion_protection" {
  description = "Whether database, buckets with objects, secrets, workflow and lasting services refuse to be destroyed. Set it to false, apply, then destroy."
  type        = bool
  default     = true
}

variable "domain" {
  description = "E-mail domain of the company; nobody outside it is let through to the dashboards."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\\.[a-z]{2,}$", var.domain))
    error_message = "domain: found \"${var.domain}\", expected an e-mail domain without @, such as \"example.com\"."
  }
}

variable "environment" {
  description = "Whose releases are served; prod is the one people look at."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,19}$", var.environment))
    error_message = "environment: found \"${var.environment}\", expected a short name of a to z, digits and _, such as \"prod\"."
  }
}

variable "functions_source" {
  description = "Archive of the functions' source, made by bin/functions-source."
  type        = string
  default     = "../.biaac/build/functions.zip"

  validation {
    condition     = endswith(var.functions_source, ".zip") && fileexists(var.functions_source)
    error_message = "functions_source: \"${var.functions_source}\" is no archive that exists; make it first: bin/functions-source. Expected a path such as \"../.biaac/build/functions.zip\"."
  }
}

variable "images" {
  description = "Images by digest, those of connectors by connection; the build sets them. What is left out is a placeholder of Google's that lets the first apply succeed before anything is built."
  type = object({
    cache       = optional(string)
    connections = optional(map(string), {})
    ingestion   = optional(string)
    superset    = optional(string)
    transform   = optional(string)
  })
  default = {}

  validation {
    condition = alltrue([
      for image in compact(concat([var.images.cache, var.images.ingestion, var.images.superset, var.images.transform], values(var.images.connections))) :
      can(regex("^[a-z0-9.-]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$", image))
    ])
    error_message = "images: found ${jsonencode(var.images)}, expected each by digest, such as \"europe-west1-docker.pkg.dev/acme/images/cache@sha256:<64 hex digits>\"."
  }
}

variable "labels" {
  description = "Labels of every resource, beside app and environment."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels: found ${jsonencode(var.labels)}, expected lower-case letters, digits, - and _, such as {cost_center = \"sales\"}."
  }
}

variable "operators" {
  description = "E-mail addresses that hear of every alert."
  type        = list(string)

  validation {
    condition     = length(var.operators) > 0 && alltrue([for address in var.operators : can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[a-z]{2,}$", address))])
    error_message = "operators: found ${jsonencode(var.operators)}, expected at least one e-mail address, such as [\"data@example.com\"]."
  }
}

variable "profile" {
  description = "small: everything at zero at rest but the smallest database. team: one instance of Superset and of the cache always there, a larger database with a standby."
  type        = string
  default     = "small"

  validation {
    condition     = contains(["small", "team"], var.profile)
    error_message = "profile: found \"${var.profile}\", expected small or team, such as profile = \"small\"."
  }
}

variable "project_id" {
  description = "Project that holds the stack, and nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: found \"${var.project_id}\", expected 6 to 30 lower-case letters, digits and hyphens beginning with a letter (the id, not the name or number), such as \"acme-analytics\"."
  }
}

variable "region" {
  description = "Region of everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region: found \"${var.region}\", expected a region, neither a zone nor a continent, such as \"europe-west1\"."
  }
}

variable "repository" {
  description = "Where this repository is on GitHub (owner/name), the Cloud Build connection that reaches it, and the branch that is deployed; null: no triggers, builds are submitted by hand."
  type = object({
    branch     = optional(string, "main")
    connection = string
    name       = string
  })
  default = null

  validation {
    condition = var.repository == null ? true : (
      can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository.name)) && can(regex("^[A-Za-z0-9._/-]+$", var.repository.branch))
      && can(regex("^projects/[^/]+/locations/${var.region}/connections/[^/]+$", var.repository.connection))
    )
    error_message = "repository: found ${jsonencode(var.repository)}, expected {name = \"acme/analytics\", connection = \"projects/acme-analytics/locations/${var.region}/connections/github\"}."
  }
}

variable "require_approval" {
  description = "Whether a person approves each deployment in Cloud Build."
  type        = bool
  default     = false
}

variable "revision" {
  description = "Git revision of what is deployed; the build sets it, a release is marked with it."
  type        = string
  default     = "unversioned"

  validation {
    condition     = can(regex("^[0-9A-Za-z._-]{1,64}$", var.revision))
    error_message = "revision: found \"${var.revision}\", expected a git revision, such as \"1b857ec\"."
  }
}

variable "runbooks_url" {
  description = "Where docs/runbooks/ can be read, for the links in alerts; null: in the repository above."
  type        = string
  default     = null

  validation {
    condition     = var.runbooks_url == null ? var.repository != null : can(regex("^https://[^[:space:]]+[^/[:space:]]$", var.runbooks_url))
    error_message = "runbooks_url: found ${jsonencode(var.runbooks_url)}, expected an https address without a slash at its end, such as \"https://github.com/acme/analytics/blob/main/docs/runbooks\"; it may be left out where repository is given."
  }
}

variable "state_bucket" {
  description = "Bucket of the state, made by bootstrap; null: <project_id>-state."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null ? true : can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket: found \"${coalesce(var.state_bucket, "nothing")}\", expected the bucket's name alone, such as \"acme-analytics-state\"."
  }
}

variable "sweep_minutes" {
  description = "Minutes between two sweeps, which look for what events missed."
  type        = number
  default     = 15

  validation {
    condition     = contains([5, 10, 12, 15, 20, 30], var.sweep_minutes)
    error_message = "sweep_minutes: found ${var.sweep_minutes}, expected 5, 10, 12, 15, 20 or 30: what divides an hour."
  }
}

variable "viewers" {
  description = "Who may look at the dashboards: members of the domain above, user:, group: or domain:."
  type        = set(string)

  validation {
    condition = alltrue([
      for member in var.viewers :
      can(regex("^(user|group):[^@*[:space:]]+@${replace(var.domain, ".", "\\.")}$", member)) || member == "domain:${var.domain}"
    ])
    error_message = "viewers: found ${join(", ", var.viewers)}, expected members of ${var.domain} only, such as \"group:sales@${var.domain}\" or \"domain:${var.domain}\"; allUsers, allAuthenticatedUsers and * are never right."
  }
}
