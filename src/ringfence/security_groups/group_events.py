"""The constructor of every event about a security group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.events.types import Event, EventType


class HasAncestors(Protocol):
    """A row that knows the customer, project and tenant of a group."""

    @property
    def customer_uuid(self) -> UUID: ...
    @property
    def project_uuid(self) -> UUID: ...
    @property
    def tenant_uuid(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Ancestors:
    """The ancestors of a group that is not stored yet."""

    customer_uuid: UUID
    project_uuid: UUID
    tenant_uuid: UUID


def group_event(
    ancestors: HasAncestors,
    group: UUID,
    kind: EventType,
    message: str,
    context: Mapping[str, Any],
    actor: Actor | None = None,
) -> Event:
    """Return an event about a group. Without an actor, the service acted by itself."""
    return Event(
        kind,
        message,
        actor,
        customer=ancestors.customer_uuid,
        project=ancestors.project_uuid,
        tenant=ancestors.tenant_uuid,
        security_group=group,
        context=context,
    )
