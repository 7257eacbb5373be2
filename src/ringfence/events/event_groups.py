"""Groups of event types, by which clients filter (`feature`)."""

from collections.abc import Mapping

from ringfence.events.types import EventType

_SECURITY_GROUP = "openstack_security_group_"

EVENT_GROUPS: Mapping[str, tuple[EventType, ...]] = {
    "auth": (
        EventType.SIGNED_IN,
        EventType.TOKENS_REVOKED,
        EventType.SESSION_STARTED,
        EventType.SESSION_ENDED,
    ),
    "openstack_security_group": tuple(
        kind for kind in EventType if kind.startswith(_SECURITY_GROUP)
    ),
    "openstack_resources": tuple(
        kind
        for kind in EventType
        if kind.startswith("openstack_") and not kind.startswith(_SECURITY_GROUP)
    ),
    "resources": tuple(kind for kind in EventType if kind.startswith("resource_")),
    "provisioning": tuple(kind for kind in EventType if kind.startswith("ringfence_")),
    "audit": (EventType.AUDIT_TRAIL_SHORTENED,),
    "users": (
        EventType.TOKEN_CREATED,
        EventType.TOKEN_ROTATED,
        EventType.TOKEN_REVOKED,
        EventType.PASSWORD_SET,
        EventType.USER_CREATED,
        EventType.USER_REMOVED,
        EventType.USER_ACTIVATED,
        EventType.USER_DEACTIVATED,
        EventType.ROLE_GRANTED,
        EventType.ROLE_REVOKED,
    ),
    "customers": (EventType.CUSTOMER_REMOVED,),
    "projects": (EventType.PROJECT_REMOVED,),
}

# The types of objects whose URL `scope` can be, and their collections
SCOPES: Mapping[str, str] = {
    "customer": "customers",
    "project": "projects",
    "openstack.tenant": "openstack-tenants",
    "openstack.securitygroup": "openstack-security-groups",
    "user": "users",
}
