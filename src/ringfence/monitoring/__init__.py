"""Health checks and metrics of a running service."""
