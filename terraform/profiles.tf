locals {
  # All that differs between the two sizes. What is not here is at zero at rest in both.
  profiles = {
    small = {
      cache    = { cpu = 2, memory_mib = 4096, disk_mib = 1280, result_mib = 128, workers = 3, worker_mib = 768, min_instances = 0, max_instances = 1 }
      superset = { cpu = 2, memory_mib = 2048, min_instances = 0, max_instances = 2 }
      # 25 connections, no SLA: two pools of 5 (database_login.py), twice while a revision replaces another, and a job's.
      database  = { tier = "db-f1-micro", availability_type = "ZONAL", disk_size_gb = 10, retained_backups = 7 }
      transform = { cpu = "2", memory = "8Gi" }
    }
    team = {
      cache     = { cpu = 4, memory_mib = 8192, disk_mib = 2560, result_mib = 256, workers = 4, worker_mib = 1152, min_instances = 1, max_instances = 3 }
      superset  = { cpu = 2, memory_mib = 4096, min_instances = 1, max_instances = 4 }
      database  = { tier = "db-custom-1-3840", availability_type = "REGIONAL", disk_size_gb = 20, retained_backups = 30 }
      transform = { cpu = "4", memory = "16Gi" }
    }
  }

  profile = local.profiles[var.profile]
}
