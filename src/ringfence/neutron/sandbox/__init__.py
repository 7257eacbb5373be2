"""A driver that simulates Neutron in PostgreSQL."""
