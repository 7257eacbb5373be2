"""One call to Neutron, before anything is known of how it travels."""

from collections.abc import Mapping
from typing import NamedTuple

Query = Mapping[str, str]


class Call(NamedTuple):
    """`path` is from the resource on, as `/security-groups`; `body` as it becomes JSON."""

    method: str
    path: str
    query: Query | None = None
    body: object = None
