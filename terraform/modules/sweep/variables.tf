variable "project_id" {
  description = "Project of the schedule."
  type        = string
}

variable "region" {
  description = "Region of the schedule."
  type        = string
}

variable "schedule" {
  description = "Cron, five fields, UTC, such as */15 * * * *."
  type        = string

  validation {
    condition = can(regex("^[0-9*,/-]+( [0-9A-Za-z*,/-]+){4}$", var.schedule)) && alltrue([
      for field, most in [59, 23, 31, 12, 7] : alltrue([
        for number in regexall("[0-9]+", try(split(" ", var.schedule)[field], "")) : tonumber(number) <= most
      ])
    ])
    error_message = "schedule: found \"${var.schedule}\", expected five cron fields (minute hour day month weekday), such as \"*/15 * * * *\"."
  }
}

variable "url" {
  description = "run.app address of the function sweep."
  type        = string
}
