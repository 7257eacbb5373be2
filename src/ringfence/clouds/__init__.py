"""Clouds and the tenants that live in them."""
