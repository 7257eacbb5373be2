"""Waldur's OpenStack security-group API over PostgreSQL, kept in step with Neutron."""
