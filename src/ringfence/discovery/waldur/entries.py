"""Customers, projects, tenants, clouds and users of Waldur as entries of a provisioning file. Pure.

The names of the `…_FIELDS` are requested from Waldur, and nothing else is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from ringfence.clouds.drift_modes import DriftMode
from ringfence.discovery.tenants import name_of
from ringfence.discovery.waldur.items import Item
from ringfence.errors import OperatorError
from ringfence.provisioning.problems import quote
from ringfence.provisioning.schema import (
    CloudEntry,
    CustomerEntry,
    Entry,
    MarketplaceEntry,
    ProjectEntry,
    QuotasEntry,
    TenantEntry,
    UserEntry,
)
from ringfence.security_groups.states import State
from ringfence.text.uuids import parse_uuid

CUSTOMER_FIELDS = ("name", "native_name", "abbreviation", "blocked", "archived")
PROJECT_FIELDS = ("name", "customer_uuid", "is_removed")
USER_FIELDS = ("username", "is_staff", "is_support", "is_active")

# Waldur's field of a tenant, and the key of the file
_MARKETPLACE_TEXTS = {
    "marketplace_resource_state": "resource_state",
    "marketplace_offering_name": "offering_name",
    "marketplace_offering_type": "offering_type",
    "marketplace_category_name": "category_name",
}
_MARKETPLACE_UUIDS = {
    "marketplace_resource_uuid": "resource_uuid",
    "marketplace_offering_uuid": "offering_uuid",
    "marketplace_category_uuid": "category_uuid",
    "marketplace_plan_uuid": "plan_uuid",
}
_OPTIONS = "marketplace_offering_plugin_options"
_FLAGS = ("is_usage_based", "is_limit_based")

TENANT_FIELDS = (
    *("name", "project_uuid", "backend_id", "state", "quotas"),
    *("service_settings_uuid", "service_name"),
    *(*_MARKETPLACE_TEXTS, *_MARKETPLACE_UUIDS, _OPTIONS, *_FLAGS),
)

EntryT = TypeVar("EntryT", bound=Entry)


@dataclass(frozen=True, slots=True)
class Settings:
    """A cloud of Waldur ("service settings"), as its tenants name it.

    Its own list is not read: for staff it contains the password of the cloud.
    """

    uuid: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with the UUIDs of what it belongs to; `values` are the keys of its entry."""

    uuid: UUID
    project: UUID
    settings: Settings
    values: Mapping[str, Any]
    where: str


@dataclass(slots=True)
class Organisations:
    """What contains the tenants, by UUID; `projects` come with their customer."""

    customers: dict[UUID, CustomerEntry] = field(default_factory=dict)
    projects: dict[UUID, tuple[UUID, ProjectEntry]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_customer(self, item: Item) -> None:
        uuid = item.uuid("uuid")
        self.customers[uuid] = entry = make(
            CustomerEntry,
            item.where,
            name=name_here("customer", item, self.notes),
            uuid=uuid,
            native_name=item.text_or_empty("native_name"),
            abbreviation=item.text_or_empty("abbreviation"),
        )
        for word in ("blocked", "archived"):
            if item.flag(word):
                self.notes.append(
                    f"the customer {quote(entry.name)} is {word} in Waldur; here it is like others"
                )

    def add_project(self, item: Item) -> None:
        if item.flag("is_removed"):
            return
        uuid, customer = item.uuid("uuid"), item.uuid("customer_uuid")
        if customer not in self.customers:
            raise item.error("customer_uuid", f"/api/customers/ has no {customer.hex}")
        name = name_here("project", item, self.notes)
        self.projects[uuid] = (customer, make(ProjectEntry, item.where, name=name, uuid=uuid))


def name_here(kind: str, item: Item, notes: list[str]) -> str:
    """Return the name of an object; note one that no provisioning file may have."""
    name = item.text("name")
    possible = name_of(name, item.uuid("uuid").hex)
    if possible != name:
        notes.append(f"the {kind} {quote(name)} is called {quote(possible)} here")
    return possible


def make(model: type[EntryT], where: str, **values: Any) -> EntryT:  # noqa: ANN401 - keys of the file
    """Return an entry; raises `OperatorError` for a value that no provisioning file may have."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise OperatorError(
            *(
                f"{where}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}; "
                "correct it in Waldur"
                for problem in problems
            )
        ) from None


def user_entry(item: Item) -> UserEntry:
    """Return a user without a token: Waldur's tokens are valid at Waldur only."""
    return make(
        UserEntry,
        item.where,
        username=item.text("username"),
        uuid=item.uuid("uuid"),
        is_staff=item.boolean("is_staff"),
        is_support=item.boolean("is_support"),
        is_active=item.boolean("is_active"),
    )


def tenant_of(item: Item, notes: list[str]) -> Tenant:
    """Return a tenant. A state in which Waldur works on it becomes the one that follows."""
    backend_id = item.text_or_empty("backend_id")
    state = item.state()
    if state not in {State.OK, State.ERRED}:
        state = State.OK if backend_id else State.ERRED
    values: dict[str, Any] = {
        "name": name_here("tenant", item, notes),
        "uuid": item.uuid("uuid"),
        "backend_id": backend_id,
        "state": state,
    }
    if quotas := _quotas(item):
        values["quotas"] = quotas
    if reference := _marketplace(item):
        values["marketplace"] = reference
    settings = Settings(item.uuid("service_settings_uuid"), item.text("service_name"))
    return Tenant(values["uuid"], item.uuid("project_uuid"), settings, values, item.where)


def tenant_entry(
    tenant: Tenant, cloud: CloudEntry, groups: Sequence[Entry], *, is_new: bool
) -> TenantEntry:
    """Return the entry of a tenant with its groups. Nothing is pushed for a new tenant."""
    values: dict[str, Any] = {"drift_mode": DriftMode.REPORT} if is_new else {}
    values |= {**tenant.values, "cloud": cloud.name, "security_groups": list(groups)}
    return make(TenantEntry, tenant.where, **values)


def _quotas(item: Item) -> dict[str, int]:
    limits = {
        quota.text("name"): quota.integer("limit")
        for quota in item.items("quotas")
        if quota.values.get("name") in QuotasEntry.model_fields
    }
    # Waldur writes "no limit" as any negative number.
    return {name: max(limit, -1) for name, limit in limits.items()}


def _marketplace(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        **{key: item.text_or_empty(name) or None for name, key in _MARKETPLACE_TEXTS.items()},
        **{key: item.uuid_or_none(name) for name, key in _MARKETPLACE_UUIDS.items()},
        "offering_plugin_options": item.mapping_or_none(_OPTIONS),
        **{name: item.flag(name) for name in _FLAGS},
    }
    assert found.keys() == MarketplaceEntry.model_fields.keys()  # noqa: S101 - the two lists agree
    return {key: value for key, value in found.items() if value is not None}


def cloud_entries(
    settings: Iterable[Settings], chosen: Mapping[str, str]
) -> dict[UUID, CloudEntry]:
    """Return the clouds by UUID; `chosen` has the entries of clouds.yaml, by name or UUID.

    Raises `OperatorError` with all settings that have no entry, and for a choice that none matches.
    """
    found = {one.uuid: one.name for one in settings}
    names = list(found.values())
    problems, used = [], set()
    entries: dict[UUID, CloudEntry] = {}
    for uuid, name in sorted(found.items(), key=lambda one: (one[1], one[0])):
        keys = [key for key in chosen if key == name or parse_uuid(key) == uuid]
        used.update(keys)
        choices = {chosen[key] for key in keys}
        if len(choices) != 1:
            what = "more than one entry" if choices else "no entry"
            problems.append(
                f"the Waldur cloud {quote(name)} ({uuid.hex}) has {what} of clouds.yaml: "
                f"add --cloud '{name}=ENTRY'"
            )
            continue
        # Names of clouds are unique here, and not in Waldur.
        unique = name if names.count(name) == 1 else f"{name} ({uuid.hex[:8]})"
        entries[uuid] = make(
            CloudEntry,
            f"service settings {uuid.hex}",
            name=unique,
            uuid=uuid,
            backend="openstack",
            openstack_cloud=choices.pop(),
        )
    for key in chosen.keys() - used:
        known = ", ".join(sorted(map(quote, set(names)))) or "none"
        problems.append(
            f"--cloud {quote(key)}: no tenant is in such a cloud of Waldur; found: {known}"
        )
    if problems:
        raise OperatorError(*problems)
    return entries
