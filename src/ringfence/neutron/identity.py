"""What the identity service reports: the account of a token, domains and projects. Pure.

Discovery reads them; each item that is not Keystone's is skipped and reported, as in `translate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ringfence.neutron.port import CloudUnreachable, Unusable
from ringfence.neutron.storable_text import storable, storable_value
from ringfence.neutron.translate import ENDLESS_LIST, ReportSkip, ignore_skip
from ringfence.text.json_value import Json

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token belongs to, and where: a project, or the whole system."""

    project_id: str
    project_name: str
    domain_id: str
    domain_name: str
    roles: tuple[str, ...]
    auth_url: str
    region: str = ""

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles

    @property
    def cloud(self) -> tuple[str, str]:
        """Return what two entries of one cloud have in common."""
        return self.auth_url.removesuffix("/").removesuffix("/v3"), self.region


@dataclass(frozen=True, slots=True)
class CloudDomain:
    """A domain of Keystone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CloudProject:
    """A project of Keystone; `parent_id` is empty directly below the domain."""

    id: str
    name: str
    domain_id: str
    parent_id: str = ""


def domains_from_body(body: Json, skip: ReportSkip = ignore_skip) -> list[CloudDomain]:
    """Read `{"domains": […]}`; raise `Unusable` for anything else."""
    return [
        CloudDomain(str(item["id"]), storable_value(item.get("name")))
        for item in _items(body, "domains", skip)
    ]


def projects_from_body(body: Json, skip: ReportSkip = ignore_skip) -> list[CloudProject]:
    """Read `{"projects": […]}` without domains; raise `Unusable` for anything else."""
    return [
        _project(item)
        for item in _items(body, "projects", skip)
        if item.get("is_domain") is not True
    ]


def is_cut(body: Json) -> bool:
    """Return whether Keystone cut the list at its `list_limit`."""
    return isinstance(body, Mapping) and body.get("truncated") is True


def next_page(body: Json, page: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the query of the page after `page`, or `None` on the last one.

    Of the link only `marker` and `limit` are used, so that no response leads to another host.
    """
    links = body.get("links") if isinstance(body, Mapping) else None
    link = links.get("next") if isinstance(links, Mapping) else None
    if link is None:
        return None
    if not isinstance(link, str):
        raise Unusable("next is not a link")
    parameters = dict(parse_qsl(urlsplit(link).query))
    following = {name: value for name, value in parameters.items() if name in {"marker", "limit"}}
    if "marker" not in following or following == page:
        raise CloudUnreachable(ENDLESS_LIST)
    return following


def _project(item: Mapping[str, Any]) -> CloudProject:
    domain = storable_value(item.get("domain_id"))
    parent = storable_value(item.get("parent_id"))
    return CloudProject(
        id=str(item["id"]),
        name=storable_value(item.get("name")),
        domain_id=domain,
        # The parent of a project without one is its domain.
        parent_id="" if parent == domain else parent,
    )


def _items(body: Json, kind: str, skip: ReportSkip) -> Sequence[Mapping[str, Any]]:
    items = body.get(kind) if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise Unusable(f"{kind} is missing")
    found = []
    for item in items:
        name = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name and storable(name) == name:
            found.append(item)
        else:
            skip(kind, storable_value(name), "id is missing or not an id")
    return found
