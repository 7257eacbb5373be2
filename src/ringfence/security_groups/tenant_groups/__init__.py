"""Replaces all groups of a tenant with one request."""
