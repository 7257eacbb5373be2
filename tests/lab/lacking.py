"""What a Neutron without an optional extension does: docs/reference/openstack.md, to run.

    neutron_proxy.lack = LACKS["project-id"][0]

makes the lab's Neutron, through the proxy, one that has no such attribute, parameter or path.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode


@dataclass(frozen=True)
class Lack:
    """What is taken away. Attributes are `kind.name`, or `*.name` for those of every resource."""

    attributes: tuple[str, ...] = ()
    # What a filter that names a lacking attribute gets: a refusal, or nothing is filtered.
    ignores_filters: bool = False
    parameters: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    path: str = ""
    is_without_bulk: bool = False
    is_without_pages: bool = False
    # The most that a page may hold, where there are pages
    page: int | None = None

    def refusal(self, method: str, address: str, body: bytes) -> tuple[int, bytes] | None:
        """Return the status and the body with which Neutron refuses the request, if it does."""
        if self == Lack():
            return None
        path, _, query = address.partition("?")
        if self.path and self.path in path:
            return _error(404, "HTTPNotFound", "The resource could not be found.")
        sent = json.loads(body) if body else {}
        if self.is_without_bulk and any(isinstance(value, list) for value in sent.values()):
            return _error(400, "HTTPBadRequest", "Bulk operation not supported")
        for kind, value in sent.items():
            for item in value if isinstance(value, list) else [value]:
                if unknown := [name for name in item if self._is_lacking(kind, name)]:
                    said = ", ".join(unknown)
                    return _error(400, "HTTPBadRequest", f"Unrecognized attribute(s) '{said}'")
        kind = path.rpartition("/v2.0/")[2].partition("/")[0].replace("-", "_")
        filters = [name for name, _ in parse_qsl(query) if self._is_lacking(kind, name)]
        if filters and method == "GET" and not self.ignores_filters:
            said = f"{filters} is invalid attribute for filtering"
            return _error(400, "HTTPBadRequest", said)
        return None

    def address(self, address: str) -> str:
        """Return the address without the parameters that are ignored."""
        if self == Lack():
            return address
        path, _, query = address.partition("?")
        kind = path.rpartition("/v2.0/")[2].replace("-", "_")
        kept = [
            (name, value)
            for name, value in parse_qsl(query)
            if name not in self.parameters and not self._is_lacking(kind, name)
        ]
        is_list = kind in {"security_groups", "ports"}
        if self.page and is_list and "limit" not in dict(kept):
            kept.append(("limit", str(self.page)))
        return f"{path}?{urlencode(kept)}" if kept else path

    def response(self, body: bytes) -> bytes:
        """Return the body without the attributes that are lacking."""
        if self == Lack():
            return body
        try:
            said = json.loads(body)
        except ValueError:
            return body
        if self.is_without_pages and isinstance(said, dict):
            said = {name: value for name, value in said.items() if not name.endswith("_links")}
        return json.dumps(self._without(said, "")).encode()

    def _without(self, value: object, kind: str) -> object:
        if isinstance(value, list):
            return [self._without(item, kind) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self._without(item, name)
            for name, item in value.items()
            if not self._is_lacking(kind, name)
        }

    def _is_lacking(self, kind: str, name: str) -> bool:
        return not {f"{kind.removesuffix('s')}.{name}", f"*.{name}"}.isdisjoint(self.attributes)


def _error(status: int, kind: str, message: str) -> tuple[int, bytes]:
    error = {"type": kind, "message": message, "detail": ""}
    return status, json.dumps({"NeutronError": error}).encode()


# Extension → what a Neutron without it lacks. Several entries are several ways to lack it.
LACKS: Mapping[str, tuple[Lack, ...]] = {
    "quota_details": (Lack(path="/details.json"),),
    "quotas": (Lack(path="/quotas/"),),
    "standard-attr-revisions": (Lack(("*.revision_number",), headers=("If-Match",)),),
    "revision-if-match": (Lack(headers=("If-Match",)),),
    "standard-attr-timestamp": (Lack(("*.created_at", "*.updated_at")),),
    "standard-attr-description": (Lack(("security_group_rule.description",)),),
    "security-groups-normalized-cidr": (Lack(("security_group_rule.normalized_cidr",)),),
    "security-groups-remote-address-group": (
        Lack(("security_group_rule.remote_address_group_id",)),
    ),
    "address-group": (
        Lack(("security_group_rule.remote_address_group_id",), path="/address-groups"),
    ),
    "stateful-security-group": (Lack(("security_group.stateful",)),),
    "security-groups-default-rules": (Lack(path="/default-security-group-rules"),),
    "security-groups-shared-filtering": (Lack(parameters=("shared",)),),
    "rbac-security-groups": (Lack(("security_group.shared",), path="/rbac-policies"),),
    "project-id": (
        Lack(("*.project_id",)),
        Lack(("*.project_id",), ignores_filters=True),
    ),
    "filter-validation": (Lack(parameters=("project_id", "tenant_id", "name", "fields")),),
    "pagination": (
        Lack(parameters=("limit", "marker"), is_without_pages=True),
        Lack(page=1),
    ),
    "sorting": (Lack(parameters=("sort_key", "sort_dir")),),
    "allow_bulk": (Lack(is_without_bulk=True),),
    "port-security": (Lack(("port.security_groups", "port.port_security_enabled")),),
    "router": (Lack(path="/floatingips"),),
    "standard-attr-tag": (Lack(("*.tags",)),),
}
