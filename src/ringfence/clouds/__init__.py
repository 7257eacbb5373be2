"""Clouds and their tenants."""
