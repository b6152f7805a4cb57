locals {
  # What `terraform apply` of this stack does, service by service; no basic role.
  build_roles = toset([
    "roles/artifactregistry.admin",
    "roles/cloudbuild.connectionAdmin",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/eventarc.admin",
    "roles/iap.admin",
    "roles/logging.configWriter",
    "roles/logging.logWriter", # of its own build
    "roles/monitoring.editor",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
    "roles/workflows.admin",
  ])

  # The plan of a pull request is made of the state (-refresh=false): it reads no resource, so that whoever proposes a
  # build that looks around finds nothing. Drift shows in the plan of the main branch.
  check_roles = toset([
    "roles/browser", # data google_project
    "roles/logging.logWriter",
    "roles/serviceusage.serviceUsageConsumer", # user_project_override
  ])

  # What modules of this stack grant on the project. The build may hand out these and no other, so that a merge cannot
  # give the build, or anybody, more than a person once did.
  granted_roles = [
    "roles/cloudsql.client",
    "roles/cloudsql.instanceUser",
    "roles/eventarc.eventReceiver",
    "roles/eventarc.serviceAgent",
    "roles/logging.logWriter",
    "roles/pubsub.publisher",
    "roles/run.viewer",
    "roles/storage.objectViewer",
    "roles/workflows.invoker",
  ]
}

resource "google_project_iam_member" "build" {
  #checkov:skip=CKV_GCP_42:it makes, changes and removes every resource of this stack; each role is one service's
  for_each = local.build_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.main["build"].member
}

# https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
resource "google_project_iam_member" "build_grants" {
  #checkov:skip=CKV_GCP_42:held to the roles that workloads of this stack get, by its condition
  #checkov:skip=CKV_GCP_49:held to the roles that workloads of this stack get, by its condition
  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.main["build"].member

  condition {
    title      = "roles-of-workloads"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${join(", ", [for role in local.granted_roles : "'${role}'"])}])"
  }
}

# The triggers themselves; and accounts, since a new connection is a new account, and deploying as it takes a grant on
# it. With either the build could make itself act as any account of the project, and so walk around the limit above. What
# keeps that from being misused: it runs merges to main only (protect the branch, or set require_approval), and the
# project holds this stack and nothing else, none of whose accounts can do more than the build.
resource "google_project_iam_member" "build_accounts" {
  #checkov:skip=CKV_GCP_42:a merge that adds a connection makes its account; main is protected, require_approval is there
  #checkov:skip=CKV_GCP_49:a merge that adds a connection makes its account; main is protected, require_approval is there
  #checkov:skip=CKV_BIAAC_4:the one exception, said above: the build is as powerful as the project
  for_each = toset(["roles/cloudbuild.builds.editor", "roles/iam.serviceAccountAdmin"])

  project = var.project_id
  role    = each.key
  member  = google_service_account.main["build"].member
}

# Deploying as an account takes this role on it: on these, not on every account of the project.
resource "google_service_account_iam_member" "acts_as" {
  for_each = var.deployed_accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.main["build"].member
}

resource "google_project_iam_member" "check" {
  for_each = local.check_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.main["build-check"].member
}

# It holds no secret; a plan of a pull request takes no lock.
resource "google_storage_bucket_iam_member" "check_reads_state" {
  bucket = var.state_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.main["build-check"].member
}

resource "google_billing_account_iam_member" "budget" {
  for_each = toset(var.billing_account[*])

  billing_account_id = each.key
  role               = "roles/billing.costsManager"
  member             = google_service_account.main["build"].member
}
