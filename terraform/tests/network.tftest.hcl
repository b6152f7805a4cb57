mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id = "acme-analytics"
  region     = "europe-west1"
  cidr       = "10.10.0.0/24"
}

run "the_subnet_reaches_google_privately_and_says_who_talked_to_whom" {
  command = plan
  module { source = "./modules/network" }

  assert {
    condition     = google_compute_subnetwork.run.private_ip_google_access && google_compute_subnetwork.run.ip_cidr_range == "10.10.0.0/24" && google_compute_subnetwork.run.region == "europe-west1"
    error_message = "without private Google access no internal service is reached"
  }
  assert {
    condition     = length(google_compute_subnetwork.run.log_config) == 1 && !google_compute_network.main.auto_create_subnetworks
    error_message = "flow logs are on, and the network has no subnets but ours"
  }
}

run "nothing_comes_in" {
  command = plan
  module { source = "./modules/network" }

  assert {
    condition     = google_compute_firewall.deny_ingress.direction == "INGRESS" && one(google_compute_firewall.deny_ingress.deny).protocol == "all" && length(google_compute_firewall.deny_ingress.allow) == 0 && one(google_compute_firewall.deny_ingress.source_ranges) == "0.0.0.0/0"
    error_message = "the firewall must deny all ingress"
  }
}

run "the_database_can_have_a_private_address" {
  command = plan
  module { source = "./modules/network" }

  assert {
    condition     = google_compute_global_address.services.purpose == "VPC_PEERING" && google_compute_global_address.services.address_type == "INTERNAL" && google_service_networking_connection.services.service == "servicenetworking.googleapis.com"
    error_message = "private services access needs a reserved internal range and the connection to Google"
  }
}

run "a_public_range_is_refused" {
  command = plan
  module { source = "./modules/network" }
  variables { cidr = "8.8.8.0/24" }
  expect_failures = [var.cidr]
}

run "a_range_too_small_for_cloud_run_is_refused" {
  command = plan
  module { source = "./modules/network" }
  variables { cidr = "10.10.0.0/28" }
  expect_failures = [var.cidr]
}

run "a_range_with_host_bits_is_refused" {
  command = plan
  module { source = "./modules/network" }
  variables { cidr = "10.10.0.7/24" }
  expect_failures = [var.cidr]
}
