"""Event types, with Waldur's names, and the event itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from ringfence.access.permissions import Actor


class EventType(StrEnum):
    """The type of an event."""

    CREATION_SCHEDULED = "resource_creation_scheduled"
    UPDATE_SCHEDULED = "resource_update_scheduled"
    DELETION_SCHEDULED = "resource_deletion_scheduled"
    PULL_SCHEDULED = "resource_pull_scheduled"
    # The same rules again, without a new version
    PUSH_SCHEDULED = "resource_push_scheduled"
    RULES_CHANGED = "openstack_security_group_rules_changed"
    GROUP_ADDED_LOCALLY = "openstack_security_group_added_locally"
    GROUP_ADDED_REMOTELY = "openstack_security_group_added_remotely"
    GROUP_CREATED = "openstack_security_group_created"
    GROUP_UPDATED = "openstack_security_group_updated"
    GROUP_DELETED = "openstack_security_group_deleted"
    GROUP_PULLED = "openstack_security_group_pulled"
    GROUP_IMPORTED = "openstack_security_group_imported"
    GROUP_REMOVED_LOCALLY = "openstack_security_group_removed_locally"
    GROUP_REMOVED_REMOTELY = "openstack_security_group_removed_remotely"
    GROUP_ERRED = "openstack_security_group_erred"
    # The cloud has groups of this name, and nothing proves that one of them is this group.
    GROUP_NAME_CONTESTED = "openstack_security_group_name_contested"
    # An operator decided which group in the cloud belongs to it.
    GROUP_BOUND = "openstack_security_group_bound"
    # One event for each port from which it was removed
    GROUP_DETACHED = "openstack_security_group_detached"
    GROUP_SET_OK = "openstack_security_group_set_ok"
    GROUP_SET_ERRED = "openstack_security_group_set_erred"
    # Drift that is only reported
    GROUP_DRIFTED = "openstack_security_group_drifted"
    # Drift that is reverted
    GROUP_DRIFT_ENFORCED = "openstack_security_group_drift_enforced"
    # A user set the groups of a port or of an instance: one event for each request.
    PORT_GROUPS_CHANGED = "openstack_port_security_groups_changed"
    INSTANCE_GROUPS_CHANGED = "openstack_instance_security_groups_changed"
    # The job of each port that such a request changes
    GROUPS_UPDATE_SCHEDULED = "resource_update_security_groups_scheduled"
    GROUPS_UPDATE_SUCCEEDED = "resource_update_security_groups_succeeded"
    GROUPS_UPDATE_FAILED = "resource_update_security_groups_failed"
    DRIFT_MODE_SET = "openstack_drift_mode_set"
    DEFAULT_EGRESS_SET = "openstack_default_egress_set"
    # The tenant became another project in the cloud; its groups stay in the old one.
    TENANT_MOVED = "openstack_tenant_moved"
    TENANT_PULLED = "openstack_tenant_pulled"
    TENANT_PULL_FAILED = "openstack_tenant_pull_failed"
    # Too many groups are missing at once: nothing was changed.
    TENANT_PULL_STOPPED = "openstack_tenant_pull_stopped"
    # Removed here only: the project and its groups stay in the cloud.
    TENANT_REMOVED = "openstack_tenant_removed_locally"
    CLOUD_REMOVED = "openstack_cloud_removed"
    CUSTOMER_REMOVED = "customer_deletion_succeeded"
    PROJECT_REMOVED = "project_deletion_succeeded"
    USER_CREATED = "user_creation_succeeded"
    USER_REMOVED = "user_deletion_succeeded"
    USER_ACTIVATED = "user_activated"
    USER_DEACTIVATED = "user_deactivated"
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"
    SIGNED_IN = "auth_logged_in_with_username"
    # Of the console; an expired session has no end event, its start has the expiry
    SESSION_STARTED = "auth_session_started"
    SESSION_ENDED = "auth_session_ended"
    TOKEN_CREATED = "token_created"  # noqa: S105 - the name of an event
    # The same token with a new secret
    TOKEN_ROTATED = "token_rotated"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    TOKENS_REVOKED = "auth_logged_out"
    PASSWORD_SET = "user_password_updated"  # noqa: S105 - the name of an event
    # `ringfence load` changed something; the context has the counts.
    LOADED = "ringfence_loaded"
    # Of a cloud: a run of a worker, whether it is repeated, and that it is not stored any more
    DISCOVERY_REQUESTED = "ringfence_discovery_requested"
    DISCOVERY_FOLLOWED = "ringfence_discovery_followed"
    DISCOVERY_REMOVED = "ringfence_discovery_removed"
    # Old events or refused changes were removed, as the settings say.
    AUDIT_TRAIL_SHORTENED = "audit_trail_shortened"


@dataclass(frozen=True, slots=True)
class Event:
    """An event; without an actor it is attributed to the origin of the request or job."""

    type: EventType
    message: str
    actor: Actor | None = None
    customer: UUID | None = None
    project: UUID | None = None
    tenant: UUID | None = None
    security_group: UUID | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    # Old and new values, only for the exported audit trail
    change: Mapping[str, Any] | None = None
