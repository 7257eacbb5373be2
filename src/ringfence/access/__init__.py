"""Identity, scope and permissions."""
