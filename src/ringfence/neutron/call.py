"""One call to Neutron, as method, path and body.

It is apart from `transport` because that loads the HTTP client, which only calls need.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import quote

# "['project_id'] is invalid attribute for filtering", or "Unrecognized attribute(s) 'project_id'"
_UNKNOWN_PROJECT_ID = re.compile(
    r"(?i)attribute.{0,40}\bproject_id\b|\bproject_id\b.{0,40}attribute"
)

Value = TypeVar("Value")
Query = Mapping[str, str | Sequence[str]]


class Call(NamedTuple):
    """`path` begins with the resource, like `/security-groups`; `body` becomes JSON.

    With a `revision`, Neutron responds 412 if the resource is not at it. Neutron supports this for
    PUT and DELETE of groups and ports.
    """

    method: str
    path: str
    query: Query | None = None
    body: object = None
    revision: int | None = None

    @property
    def kind(self) -> str:
        """Return the kind of resource in the path, without its id."""
        return self.path.split("/", maxsplit=2)[1]

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the call."""
        accept = {"Accept": "application/json"}
        if not self.revision:
            # 0: the cloud has no revisions.
            return accept
        return accept | {"If-Match": f"revision_number={self.revision}"}

    def with_tenant_id(self) -> "Call":
        """Return the call for a cloud without the extension `project-id`."""
        query = None if self.query is None else _renamed(self.query)
        body = self.body
        if isinstance(body, Mapping):
            body = {
                kind: [_renamed(item) for item in value]
                if isinstance(value, list)
                else _renamed(value)
                for kind, value in body.items()
            }
        return self._replace(query=query, body=body)


def group_path(group_id: str) -> str:
    """Return the path of a group."""
    return f"/security-groups/{quote(group_id, safe='')}"


def port_path(port_id: str) -> str:
    """Return the path of a port."""
    return f"/ports/{quote(port_id, safe='')}"


def is_about_project_id(refusal: str) -> bool:
    """Return whether an error message says that `project_id` is an unknown attribute."""
    return _UNKNOWN_PROJECT_ID.search(refusal) is not None


def _renamed(values: Mapping[str, Value]) -> dict[str, Value]:
    return {"tenant_id" if name == "project_id" else name: value for name, value in values.items()}
