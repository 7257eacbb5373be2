"""The embedded PostgreSQL server: start, stop, roles, backup and restore."""
