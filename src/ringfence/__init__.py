"""A self-hosted service to manage OpenStack security groups across many tenants."""
