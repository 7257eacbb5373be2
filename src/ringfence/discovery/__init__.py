"""Finds the projects of an OpenStack cloud and makes them tenants."""
