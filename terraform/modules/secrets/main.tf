# A Cloud Run revision that names a secret without a version is refused, so each begins with one: a random value that
# nobody has to know, or a placeholder until `biaac secrets set`. Later versions are none of Terraform's business.
ephemeral "random_password" "main" {
  for_each = { for name, secret in var.secrets : name => secret if secret.generate_length != null }

  length  = each.value.generate_length
  special = false
}

locals {
  placeholder = "unset"

  grants = merge([
    for name, secret in var.secrets : {
      for workload, member in secret.accessors : "${name}/${workload}" => { secret = name, member = member }
    }
  ]...)
}

resource "google_secret_manager_secret" "main" {
  for_each = var.secrets

  project             = var.project_id
  secret_id           = each.key
  deletion_protection = var.deletion_protection

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "first" {
  for_each = var.secrets

  secret                 = google_secret_manager_secret.main[each.key].id
  secret_data_wo         = each.value.generate_length == null ? local.placeholder : ephemeral.random_password.main[each.key].result
  secret_data_wo_version = 1
  deletion_policy        = "ABANDON" # destroyed with its secret only
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = local.grants

  project   = var.project_id
  secret_id = google_secret_manager_secret.main[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

# A revision that names a secret is refused while its reader's grant is not known everywhere; a new grant is waited for, too.
resource "time_sleep" "readers" {
  create_duration = "60s"
  triggers        = { grants = join(" ", keys(local.grants)) }

  depends_on = [google_secret_manager_secret_iam_member.accessor]
}
