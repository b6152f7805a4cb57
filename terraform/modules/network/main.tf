resource "google_compute_network" "main" {
  project                 = var.project_id
  name                    = "biaac"
  auto_create_subnetworks = false
}

# Cloud Run and the functions send from here (Direct VPC egress). Private Google Access is what makes a request to
# run.app count as internal, and the only way out: there is no NAT.
# https://cloud.google.com/run/docs/securing/private-networking
resource "google_compute_subnetwork" "run" {
  project                  = var.project_id
  name                     = "biaac-run"
  region                   = var.region
  network                  = google_compute_network.main.id
  ip_cidr_range            = var.cidr
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1 # enough to see who talks to whom; logs are billed by volume
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# The implied rule, written down where a reviewer and a log find it.
resource "google_compute_firewall" "deny_ingress" {
  project       = var.project_id
  name          = "biaac-deny-ingress"
  network       = google_compute_network.main.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny { protocol = "all" }

  log_config { metadata = "EXCLUDE_ALL_METADATA" }
}

# Google's side of the network, where Cloud SQL has its private address.
resource "google_compute_global_address" "services" {
  project       = var.project_id
  name          = "biaac-services"
  network       = google_compute_network.main.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20 # a database of each kind and region takes a /24
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.main.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}
