mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "acme-analytics"
  region              = "europe-west1"
  network             = "projects/acme-analytics/global/networks/biaac"
  deletion_protection = true
  size                = { tier = "db-f1-micro", availability_type = "ZONAL", disk_size_gb = 10, retained_backups = 7 }
  clients             = { superset = "serviceAccount:superset@acme" }
  superset_users      = { superset = "serviceAccount:superset@acme" }
}

run "the_instance_is_private_and_takes_only_connections_with_a_certificate" {
  command = plan
  module { source = "./modules/database" }

  assert {
    condition = (!google_sql_database_instance.main.settings[0].ip_configuration[0].ipv4_enabled
      && google_sql_database_instance.main.settings[0].ip_configuration[0].private_network == var.network
      && google_sql_database_instance.main.settings[0].ip_configuration[0].ssl_mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
      && length(google_sql_database_instance.main.settings[0].ip_configuration[0].authorized_networks) == 0
    )
    error_message = "the instance must have a private address only, and ask for a client certificate"
  }
}

run "the_instance_is_backed_up_to_any_second_and_protected_twice" {
  command = plan
  module { source = "./modules/database" }

  assert {
    condition     = google_sql_database_instance.main.settings[0].backup_configuration[0].enabled && google_sql_database_instance.main.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "backups and point-in-time recovery must be on"
  }
  assert {
    condition     = google_sql_database_instance.main.deletion_protection && google_sql_database_instance.main.settings[0].deletion_protection_enabled
    error_message = "Terraform and Cloud SQL must both refuse to delete it"
  }
  assert {
    condition     = google_sql_database_instance.main.settings[0].edition == "ENTERPRISE" && google_sql_database_instance.main.settings[0].tier == "db-f1-micro"
    error_message = "shared-core tiers exist in the edition ENTERPRISE only, and it has to be said"
  }
}

run "the_password_is_in_secret_manager_and_not_in_the_state" {
  command = apply
  module { source = "./modules/database" }

  assert {
    condition     = google_secret_manager_secret_version.main.secret_data == null && google_secret_manager_secret_version.main.secret_data_wo == null && google_secret_manager_secret_version.main.secret_data_wo_version == 1
    error_message = "a secret's value is in the state"
  }
  assert {
    condition     = google_sql_user.main.password == null && google_sql_user.main.password_wo == null && google_sql_user.main.password_wo_version == 1
    error_message = "a user's password is in the state"
  }
}

run "a_raised_version_gives_user_and_secret_a_new_password_together" {
  command = apply
  module { source = "./modules/database" }
  variables { password_version = 2 }

  assert {
    condition     = google_sql_user.main.password_wo_version == 2 && google_secret_manager_secret_version.main.secret_data_wo_version == 2
    error_message = "a password and the secret that holds it change together"
  }
}

run "the_secret_is_read_by_its_own_users_and_the_tunnel_leads_to_this_instance" {
  command = plan
  module { source = "./modules/database" }

  assert {
    condition     = tomap({ for key, grant in google_secret_manager_secret_iam_member.superset : key => grant.member }) == var.superset_users
    error_message = "Superset reads its own URL, and nobody else"
  }
  assert {
    condition     = alltrue([for grant in values(google_secret_manager_secret_iam_member.superset) : grant.role == "roles/secretmanager.secretAccessor"])
    error_message = "reading a value is all they may"
  }
  assert {
    condition = alltrue([for key, grant in google_project_iam_member.client :
      grant.role == "roles/cloudsql.client" && grant.member == var.clients[key]
      && strcontains(grant.condition[0].expression, "resource.name == \"projects/acme-analytics/instances/biaac\"")
    ])
    error_message = "a client may connect to this instance only"
  }
}

run "a_tier_that_is_none_is_refused" {
  command = plan
  module { source = "./modules/database" }
  variables { size = { tier = "small", availability_type = "ZONAL", disk_size_gb = 10, retained_backups = 7 } }
  expect_failures = [var.size]
}
