"""A Neutron without an optional extension, as docs/reference/openstack.md describes it.

    neutron_proxy.missing = MISSING_EXTENSIONS["project-id"][0]

removes its attributes, parameters and paths from the lab's Neutron behind the proxy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode


@dataclass(frozen=True)
class MissingExtension:
    """What is removed. Attributes are `kind.name`, or `*.name` for those of every resource."""

    attributes: tuple[str, ...] = ()
    # Whether a filter by a missing attribute is ignored, or refused
    ignores_filters: bool = False
    parameters: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    path: str = ""
    is_without_bulk: bool = False
    is_without_pages: bool = False
    # The largest page, if there are pages
    page: int | None = None

    def refusal(self, method: str, address: str, body: bytes) -> tuple[int, bytes] | None:
        """Return the status and the body with which Neutron refuses the request, if it does."""
        if self == MissingExtension():
            return None
        path, _, query = address.partition("?")
        if self.path and self.path in path:
            return _error(404, "HTTPNotFound", "The resource could not be found.")
        sent = json.loads(body) if body else {}
        if self.is_without_bulk and any(isinstance(value, list) for value in sent.values()):
            return _error(400, "HTTPBadRequest", "Bulk operation not supported")
        for kind, value in sent.items():
            for item in value if isinstance(value, list) else [value]:
                if unknown := [name for name in item if self._is_missing(kind, name)]:
                    said = ", ".join(unknown)
                    return _error(400, "HTTPBadRequest", f"Unrecognized attribute(s) '{said}'")
        kind = path.rpartition("/v2.0/")[2].partition("/")[0].replace("-", "_")
        filters = [name for name, _ in parse_qsl(query) if self._is_missing(kind, name)]
        if filters and method == "GET" and not self.ignores_filters:
            said = f"{filters} is invalid attribute for filtering"
            return _error(400, "HTTPBadRequest", said)
        return None

    def address(self, address: str) -> str:
        """Return the path and query without the parameters that are ignored."""
        if self == MissingExtension():
            return address
        path, _, query = address.partition("?")
        kind = path.rpartition("/v2.0/")[2].replace("-", "_")
        kept = [
            (name, value)
            for name, value in parse_qsl(query)
            if name not in self.parameters and not self._is_missing(kind, name)
        ]
        is_list = kind in {"security_groups", "ports"}
        if self.page and is_list and "limit" not in dict(kept):
            kept.append(("limit", str(self.page)))
        return f"{path}?{urlencode(kept)}" if kept else path

    def response(self, body: bytes) -> bytes:
        """Return the body without the missing attributes."""
        if self == MissingExtension():
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
            if not self._is_missing(kind, name)
        }

    def _is_missing(self, kind: str, name: str) -> bool:
        return not {f"{kind.removesuffix('s')}.{name}", f"*.{name}"}.isdisjoint(self.attributes)


def _error(status: int, kind: str, message: str) -> tuple[int, bytes]:
    error = {"type": kind, "message": message, "detail": ""}
    return status, json.dumps({"NeutronError": error}).encode()


# Extension → what a Neutron without it does not have, in one way or several
MISSING_EXTENSIONS: Mapping[str, tuple[MissingExtension, ...]] = {
    "quota_details": (MissingExtension(path="/details.json"),),
    "quotas": (MissingExtension(path="/quotas/"),),
    "standard-attr-revisions": (MissingExtension(("*.revision_number",), headers=("If-Match",)),),
    "revision-if-match": (MissingExtension(headers=("If-Match",)),),
    "standard-attr-timestamp": (MissingExtension(("*.created_at", "*.updated_at")),),
    "standard-attr-description": (
        MissingExtension(("security_group_rule.description", "port.description")),
    ),
    "security-groups-normalized-cidr": (
        MissingExtension(("security_group_rule.normalized_cidr",)),
    ),
    "security-groups-remote-address-group": (
        MissingExtension(("security_group_rule.remote_address_group_id",)),
    ),
    "address-group": (
        MissingExtension(("security_group_rule.remote_address_group_id",), path="/address-groups"),
    ),
    "stateful-security-group": (MissingExtension(("security_group.stateful",)),),
    "security-groups-default-rules": (MissingExtension(path="/default-security-group-rules"),),
    "security-groups-shared-filtering": (MissingExtension(parameters=("shared",)),),
    "rbac-security-groups": (MissingExtension(("security_group.shared",), path="/rbac-policies"),),
    "project-id": (
        MissingExtension(("*.project_id",)),
        MissingExtension(("*.project_id",), ignores_filters=True),
    ),
    "filter-validation": (
        MissingExtension(parameters=("project_id", "tenant_id", "name", "fields")),
    ),
    "pagination": (
        MissingExtension(parameters=("limit", "marker"), is_without_pages=True),
        MissingExtension(page=1),
    ),
    "sorting": (MissingExtension(parameters=("sort_key", "sort_dir")),),
    "allow_bulk": (MissingExtension(is_without_bulk=True),),
    "port-security": (MissingExtension(("port.security_groups", "port.port_security_enabled")),),
    "allowed-address-pairs": (MissingExtension(("port.allowed_address_pairs",)),),
    "binding": (MissingExtension(("port.binding:vnic_type",)),),
    "dns-integration": (MissingExtension(("port.dns_name",)),),
    "agent": (MissingExtension(path="/agents"),),
    "router": (MissingExtension(path="/floatingips"),),
    "standard-attr-tag": (MissingExtension(("*.tags",)),),
}
