"""Making and restoring backups: plan, execute, journal."""
