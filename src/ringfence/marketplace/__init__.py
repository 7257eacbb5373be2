"""References to the marketplace resource and offering of a tenant."""
