output "network" {
  description = "Id of the network, once Google's side of it is connected: Cloud SQL cannot be made before."
  value       = google_compute_network.main.id

  depends_on = [google_service_networking_connection.services]
}

output "subnetwork" {
  description = "Where Cloud Run and the functions send from: network and subnet by id."
  value = {
    network    = google_compute_network.main.id
    subnetwork = google_compute_subnetwork.run.id
  }
}
