"""Security groups, their rules and their versions: what a tenant asked its cloud for."""
