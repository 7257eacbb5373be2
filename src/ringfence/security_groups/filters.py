"""The query parameters of a list, as conditions on rows: one table of all of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from starlette.datastructures import QueryParams

from ringfence.access.permissions import Actor, Permission
from ringfence.access.scope import Scope
from ringfence.errors import Invalid
from ringfence.http.fields import path_of, uuid_in
from ringfence.security_groups.states import State

# No row has it: what cannot be resolved finds nothing.
NOWHERE: LiteralString = "false"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition, and how its one parameter (named as the query's) is read from the text."""

    condition: LiteralString
    read: Callable[[str], Any]


def _uuid(text: str) -> UUID:
    try:
        # `UUID` also takes braces and `urn:uuid:`, as Django's field does.
        return UUID(text)
    except ValueError:
        raise Invalid(["Enter a valid UUID."]) from None


def _contains(text: str) -> str:
    """Give a LIKE pattern in which `%`, `_` and the backslash are ordinary characters."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


FILTERS: Mapping[str, Filter] = {
    "uuid": Filter("sg.uuid = %(uuid)s", _uuid),
    "tenant_uuid": Filter("tenant.uuid = %(tenant_uuid)s", _uuid),
    "project": Filter("project.uuid = %(project)s", _uuid),
    "project_uuid": Filter("project.uuid = %(project_uuid)s", _uuid),
    "customer": Filter("customer.uuid = %(customer)s", _uuid),
    "customer_uuid": Filter("customer.uuid = %(customer_uuid)s", _uuid),
    "service_settings_uuid": Filter("cloud.uuid = %(service_settings_uuid)s", _uuid),
    "name": Filter("sg.name ILIKE %(name)s", _contains),
    "name_exact": Filter("sg.name = %(name_exact)s", str),
    "description": Filter("sg.description ILIKE %(description)s", _contains),
    "backend_id": Filter("sg.backend_id = %(backend_id)s", str),
    "query": Filter("(sg.name ILIKE %(query)s OR sg.description ILIKE %(query)s)", _contains),
    "project_name": Filter("project.name ILIKE %(project_name)s", _contains),
    "customer_name": Filter("customer.name ILIKE %(customer_name)s", _contains),
    "customer_native_name": Filter(
        "customer.native_name ILIKE %(customer_native_name)s", _contains
    ),
    "customer_abbreviation": Filter(
        "customer.abbreviation ILIKE %(customer_abbreviation)s", _contains
    ),
    "service_settings_name": Filter("cloud.name ILIKE %(service_settings_name)s", _contains),
}

NO_NULL = "Null characters are not allowed."

_TEXTS = (*FILTERS, "tenant", "external_ip")

_MANAGEABLE: LiteralString = """(
    %(manages_everything)s
    OR project.customer_id = ANY(%(manages_customers)s::bigint[])
    OR project.id = ANY(%(manages_projects)s::bigint[])
)"""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that all hold, with their parameters."""

    conditions: tuple[LiteralString, ...]
    parameters: Mapping[str, Any]


NO_CONDITIONS = Conditions((), {})


def read_filters(query: QueryParams, actor: Actor) -> Conditions:
    """Read all filters; raises `Invalid` with everything that is wrong at once.

    Values are trimmed and empty ones are not given (of `state`, an empty one is wrong); unknown
    parameters are ignored; of one that is given twice the last counts.
    """
    conditions: list[LiteralString] = []
    parameters: dict[str, Any] = {}
    errors: dict[str, Any] = {name: [NO_NULL] for name in _TEXTS if "\x00" in query.get(name, "")}
    for name, entry in FILTERS.items():
        text = query.get(name, "").strip()
        if text and name not in errors:
            try:
                parameters[name] = entry.read(text)
                conditions.append(entry.condition)
            except Invalid as error:
                errors[name] = error.detail
    try:
        _read_states(query, conditions, parameters)
    except Invalid as error:
        errors["state"] = error.detail
    if errors:
        raise Invalid(errors)
    _read_tenant(query, conditions, parameters)
    _read_can_manage(query, actor, conditions, parameters)
    # Floating addresses are those of ports, and no port is known yet.
    if query.get("external_ip", "").strip():
        conditions.append(NOWHERE)
    return Conditions(tuple(conditions), parameters)


def _read_states(
    query: QueryParams, conditions: list[LiteralString], parameters: dict[str, Any]
) -> None:
    states = query.getlist("state")
    for state in states:
        if state not in State.__members__:
            raise Invalid(
                [
                    f"Select a valid choice. {state} is not one of the available choices.".replace(
                        "\x00", ""
                    )
                ]
            )
    if states:
        conditions.append("sg.state = ANY(%(state)s)")
        parameters["state"] = states


def _read_tenant(
    query: QueryParams, conditions: list[LiteralString], parameters: dict[str, Any]
) -> None:
    text = query.get("tenant", "").strip()
    if not text:
        return
    uuid = uuid_in(path_of(text), "openstack-tenants") or uuid_in(
        f"/api/openstack-tenants/{text}/", "openstack-tenants"
    )
    if uuid is None:
        conditions.append(NOWHERE)
    else:
        conditions.append("tenant.uuid = %(tenant)s")
        parameters["tenant"] = UUID(uuid)


def _read_can_manage(
    query: QueryParams,
    actor: Actor,
    conditions: list[LiteralString],
    parameters: dict[str, Any],
) -> None:
    wanted = {"true": True, "1": True, "false": False, "0": False}.get(
        query.get("can_manage", "").strip().lower()
    )
    if wanted is None:
        return
    scope = Scope.of(actor, Permission.SECURITY_GROUP_UPDATE)
    conditions.append(_MANAGEABLE if wanted else "NOT " + _MANAGEABLE)
    parameters["manages_everything"] = scope.everything
    parameters["manages_customers"] = scope.customers
    parameters["manages_projects"] = scope.projects


ORDERS: Mapping[str, LiteralString] = {
    "name": "sg.name",
    "state": "array_position(%(state_order)s::text[], sg.state)",
    "customer_name": "customer.name",
    "customer_native_name": "customer.native_name",
    "customer_abbreviation": "customer.abbreviation",
    "project_name": "project.name",
    "service_name": "cloud.name",
    "created": "sg.created",
}

# Unique, so that pages never overlap.
DEFAULT_ORDER: LiteralString = "tenant.name, sg.created, sg.id"


def read_order(query: QueryParams) -> LiteralString:
    """Give the ORDER BY of a list: `o` names columns, `-` before one turns it round.

    Raises `Invalid` for a column that does not exist; an empty `o` means the default.
    """
    text = query.get("o", "").strip()
    if not text:
        return DEFAULT_ORDER
    # Each column once: a second time it could not change the order.
    terms: dict[LiteralString, LiteralString] = {}
    for word in (part.strip() for part in text.split(",")):
        column = ORDERS.get(word.removeprefix("-"))
        if column is None:
            message = f"Select a valid choice. {word} is not one of the available choices."
            raise Invalid({"o": [message.replace("\x00", "")]})
        terms.setdefault(column, column + " DESC" if word.startswith("-") else column)
    return ", ".join([*terms.values(), DEFAULT_ORDER])
