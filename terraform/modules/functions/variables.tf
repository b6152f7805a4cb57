variable "airbyte_secrets" {
  description = "Variable -> secret with what Airbyte asks of a client: AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or nothing."
  type        = map(string)
  default     = {}
}

variable "airbyte_url" {
  description = "Root of Airbyte's public API, ending in /v1."
  type        = string
}

variable "bronze_bucket" {
  description = "Bucket whose finalize events wake the refresh."
  type        = string
}

variable "bronze_location" {
  description = "Where that bucket is."
  type        = string
}

variable "cache_url" {
  description = "Address of the cache service, grpc+tls://host:443."
  type        = string
}

variable "connections" {
  description = "Connection -> description, cron and time zone of its file: one schedule each."
  type        = map(object({ cron = string, description = string, time_zone = string }))
}

variable "docker_repository" {
  description = "Id of the repository into which Cloud Functions builds."
  type        = string
}

variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "project_id" {
  description = "Project of the functions."
  type        = string
}

variable "project_number" {
  description = "Its number, as Google's agents and buckets are named by."
  type        = string
}

variable "region" {
  description = "Region of functions and trigger."
  type        = string
}

variable "source_bucket" {
  description = "Bucket for the source archive."
  type        = string
}

variable "source_file" {
  description = "Archive made by bin/functions-source."
  type        = string
}

variable "sweep_minutes" {
  description = "Minutes between two sweeps."
  type        = number
}

variable "workflow" {
  description = "Name of the workflow that a finished sync starts."
  type        = string
}

variable "workflow_member" {
  description = "Who calls warm-cache and promote."
  type        = string
}
