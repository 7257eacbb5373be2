"""Paths of the API, and rules to send."""

from uuid import UUID

GROUPS = "/api/openstack-security-groups/"
TENANTS = "/api/openstack-tenants/"

SSH = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}


def group_at(uuid: UUID, action: str = "") -> str:
    """Return the path of a group, or of one of its actions."""
    return f"{GROUPS}{uuid.hex}/{action}"


def tenant_at(uuid: UUID, action: str = "") -> str:
    """Return the path of a tenant, or of one of its actions."""
    return f"{TENANTS}{uuid.hex}/{action}"


def a_rule(**values) -> dict:
    """Return a rule for TCP port 22 from a private network, with changes."""
    return SSH | values


def to_group(uuid: UUID, **values) -> dict:
    """Return a rule for TCP port 22 from another group."""
    address = f"http://any.host{group_at(uuid)}"
    return {"protocol": "tcp", "from_port": 22, "to_port": 22, "remote_group": address} | values
