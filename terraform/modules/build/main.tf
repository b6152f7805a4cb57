# Two identities: what is merged may change the project, what is only proposed may look at it. A proposal can rewrite
# the build itself, so its identity is the only thing that holds it.
resource "google_service_account" "main" {
  for_each = {
    build       = "Build of the main branch: deploys"
    build-check = "Build of pull requests: reads, for terraform plan"
  }

  project      = var.project_id
  account_id   = "biaac-${each.key}"
  display_name = each.value
}

locals {
  # A branch as the regular expression that takes it alone.
  branch = try("^${replace(var.repository.branch, ".", "\\.")}$", null)

  triggers = var.repository == null ? {} : {
    main         = { account = "build", deploy = true, test = false, description = "Check, build and deploy ${var.repository.branch}." }
    pull-request = { account = "build-check", deploy = false, test = false, description = "Check and plan what is proposed for ${var.repository.branch}." }
    engine       = { account = "build-check", deploy = false, test = true, description = "Test what is proposed for the engine." }
  }
  # What needs none of the engine's tests: the lines of company.places (a test compares).
  places = [
    "company.yaml",
    "connections",
    "sqlmesh_project/audits",
    "sqlmesh_project/metrics",
    "sqlmesh_project/models",
    "sqlmesh_project/tests",
    "superset/dashboards",
    "superset/datasets",
    "superset/logo.svg",
    "superset/theme.yaml",
    "terraform/*.tfvars",
    "tests/demo",
  ]
}

# The connection to GitHub is made once, by a person in a browser (docs/deploy.md); no token of it passes through here.
resource "google_cloudbuildv2_repository" "main" {
  count = var.repository == null ? 0 : 1

  project           = var.project_id
  location          = var.region
  name              = "biaac"
  parent_connection = var.repository.connection
  remote_uri        = "https://github.com/${var.repository.name}.git"
}

resource "google_cloudbuild_trigger" "main" {
  for_each = local.triggers

  project            = var.project_id
  location           = var.region
  name               = "biaac-${each.key}"
  description        = each.value.description
  filename           = "cloudbuild.yaml"
  service_account    = google_service_account.main[each.value.account].id
  include_build_logs = "INCLUDE_BUILD_LOGS_WITH_STATUS"
  substitutions      = merge(var.substitutions, { _DEPLOY = tostring(each.value.deploy), _TEST = tostring(each.value.test) })
  ignored_files      = each.value.test ? flatten([for place in local.places : [place, "${place}/**"]]) : null

  repository_event_config {
    repository = google_cloudbuildv2_repository.main[0].id

    dynamic "push" {
      for_each = each.key == "main" ? [1] : []
      content { branch = local.branch }
    }
    dynamic "pull_request" {
      for_each = each.key == "main" ? [] : [1]
      content {
        branch          = local.branch
        comment_control = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY" # a stranger's proposal waits for /gcbrun
      }
    }
  }

  approval_config { approval_required = each.key == "main" && var.require_approval }

  depends_on = [google_project_iam_member.build, google_project_iam_member.build_accounts, google_project_iam_member.check, google_service_account_iam_member.acts_as]
}
