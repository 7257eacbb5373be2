"""The kinds of events, in Waldur's words, and the event itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from ringfence.access.permissions import Actor


class EventType(StrEnum):
    """What can happen."""

    CREATION_SCHEDULED = "resource_creation_scheduled"
    UPDATE_SCHEDULED = "resource_update_scheduled"
    DELETION_SCHEDULED = "resource_deletion_scheduled"
    PULL_SCHEDULED = "resource_pull_scheduled"
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
    # The cloud has groups of its name, and nothing proves that one of them is it.
    GROUP_NAME_CONTESTED = "openstack_security_group_name_contested"
    # An operator said which group in the cloud it is.
    GROUP_BOUND = "openstack_security_group_bound"
    # One event for each port that it was taken off
    GROUP_DETACHED = "openstack_security_group_detached"
    GROUP_SET_OK = "openstack_security_group_set_ok"
    GROUP_SET_ERRED = "openstack_security_group_set_erred"
    # The cloud differs from what was asked for, and neither is touched.
    GROUP_DRIFTED = "openstack_security_group_drifted"
    # The cloud differs from what was asked for, which is put back.
    GROUP_DRIFT_ENFORCED = "openstack_security_group_drift_enforced"
    DRIFT_MODE_SET = "openstack_drift_mode_set"
    DEFAULT_EGRESS_SET = "openstack_default_egress_set"
    # The tenant is another project from now on; its groups stayed in the old one.
    TENANT_MOVED = "openstack_tenant_moved"
    TENANT_PULLED = "openstack_tenant_pulled"
    TENANT_PULL_FAILED = "openstack_tenant_pull_failed"
    # Too many groups are missing at once: nothing was touched.
    TENANT_PULL_STOPPED = "openstack_tenant_pull_stopped"
    SIGNED_IN = "auth_logged_in_with_username"
    # Of the console; it ends by itself with its time, which its start tells
    SESSION_STARTED = "auth_session_started"
    SESSION_ENDED = "auth_session_ended"
    TOKEN_CREATED = "token_created"  # noqa: S105 - the name of an event
    # The same token with another secret
    TOKEN_ROTATED = "token_rotated"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    TOKENS_REVOKED = "auth_logged_out"
    PASSWORD_SET = "user_password_updated"  # noqa: S105 - the name of an event
    # `ringfence load` changed something; the counts are in the context.
    LOADED = "ringfence_loaded"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Without an actor, the service did it by itself."""

    type: EventType
    message: str
    actor: Actor | None = None
    customer: UUID | None = None
    project: UUID | None = None
    tenant: UUID | None = None
    security_group: UUID | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    # From what to what: for the audit trail alone, where the context has no room for it
    change: Mapping[str, Any] | None = None
