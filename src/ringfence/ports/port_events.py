"""The constructor of events about ports and instances."""

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.access.permissions import Actor
from ringfence.events.types import Event, EventType
from ringfence.ports.queries import KnownGroup
from ringfence.security_groups.group_events import HasAncestors


def target_event(
    ancestors: HasAncestors,
    kind: EventType,
    message: str,
    context: Mapping[str, Any],
    actor: Actor | None = None,
    change: Mapping[str, Any] | None = None,
) -> Event:
    """Return an event about a port or an instance, which its context names."""
    return Event(
        kind,
        message,
        actor,
        customer=ancestors.customer_uuid,
        project=ancestors.project_uuid,
        tenant=ancestors.tenant_uuid,
        context=context,
        change=change,
    )


def names_of(groups: Sequence[str], known: Mapping[str, KnownGroup]) -> list[dict[str, str]]:
    """Return groups as events show them: those of the tenant by name, others by their id only.

    Everybody who sees the tenant reads its events, and not everybody sees other tenants.
    """
    return [
        {"backend_id": group, "uuid": known[group].uuid.hex, "name": known[group].name}
        if group in known and known[group].is_own
        else {"backend_id": group}
        for group in groups
    ]
