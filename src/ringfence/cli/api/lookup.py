"""Finds groups and tenants by name or UUID, and versions by number.

An ambiguous name is refused with the candidates.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from ringfence.cli.api.client import GROUPS, TENANTS, Client, Query, group_path
from ringfence.cli.api.responses import ApiError
from ringfence.errors import OperatorError
from ringfence.text.uuids import parse_uuid

Found = Mapping[str, Any]

_MOST_CANDIDATES = 10
_FIELDS = ("uuid", "name", "project_name", "customer_name")


def find_tenant(client: Client, named: str) -> Found:
    """Return the tenant of this name or UUID; raises `OperatorError`."""
    found = _matching(client, TENANTS, named, _FIELDS)
    if not found:
        raise OperatorError(f"there is no tenant {named}; ringfence tenant list shows all")
    if len(found) > 1:
        raise OperatorError(
            f"several tenants are named {named}; say which by UUID: "
            + _candidates(found, ("customer_name", "project_name"))
        )
    return found[0]


def find_group(client: Client, named: str, tenant: str | None = None) -> Found:
    """Return the group of this name or UUID, in this tenant if one is named.

    Raises `OperatorError`.
    """
    chosen = None if tenant is None else find_tenant(client, tenant)
    within = [] if chosen is None else [("tenant_uuid", str(chosen["uuid"]))]
    fields = (*_FIELDS, "tenant_name", "tenant_uuid", "backend_id")
    found = _matching(client, GROUPS, named, fields, within)
    where = "" if chosen is None else f" in tenant {chosen['name']}"
    if not found:
        raise OperatorError(
            f"there is no security group {named}{where}; ringfence group list shows all"
        )
    if len(found) > 1:
        way = "by UUID" if chosen is not None else "with --tenant or by UUID"
        # Groups of one tenant have the same ancestors.
        is_one = len({each["tenant_uuid"] for each in found}) == 1
        distinct = ("backend_id",) if is_one else ("customer_name", "project_name", "tenant_name")
        raise OperatorError(
            f"several security groups are named {named}{where}; say which {way}: "
            + _candidates(found, distinct)
        )
    return found[0]


def compare_versions(client: Client, group: Found, before: int, after: int) -> Found:
    """Return the changes from one version of a group to another; raises `OperatorError`."""
    path = f"{group_path(group['uuid'], 'versions')}{after}/"
    try:
        body: dict[str, Any] = client.get(path, [("compare", str(before))]).body
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise OperatorError(
            f"{error.message.rstrip('.')}; ringfence group history {group['name']} shows all"
        ) from None
    return body


def _matching(
    client: Client, path: str, named: str, fields: Sequence[str], within: Query = ()
) -> list[Found]:
    """Return the objects of this UUID or, if there are none, of this name."""
    name = named.strip()
    if not name:
        raise OperatorError("the name is empty; pass a name or a UUID")
    shown = [("field", field) for field in fields]
    uuid = parse_uuid(name)
    if uuid is not None:
        query = [("uuid", uuid.hex), *within, *shown]
        found = [each for each in client.items(path, query) if each.get("uuid") == uuid.hex]
        if found:
            return found
    query = [("name_exact", name), *within, *shown]
    named_so = (each for each in client.items(path, query) if each.get("name") == name)
    return list(islice(named_so, _MOST_CANDIDATES + 1))


def _candidates(found: Sequence[Found], ancestors: Sequence[str]) -> str:
    shown = [
        f"{each['uuid']} ({' / '.join(str(each.get(name) or '') for name in ancestors)})"
        for each in found[:_MOST_CANDIDATES]
    ]
    more = ", and more" if len(found) > _MOST_CANDIDATES else ""
    return ", ".join(shown) + more
