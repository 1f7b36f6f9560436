"""What this machine supports, namespace by namespace, and who says so."""
