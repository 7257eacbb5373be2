"""Finds the projects of an OpenStack cloud, or the objects of a Waldur site: tenants to be."""
