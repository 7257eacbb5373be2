"""One call to Neutron, before anything is known of how it travels."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Query = Mapping[str, str | Sequence[str]]


class Call(NamedTuple):
    """`path` is from the resource on, as `/security-groups`; `body` as it becomes JSON.

    With a `revision`, Neutron answers 412 where the resource is not at it any more; it takes the
    condition on PUT and DELETE of groups and ports.
    """

    method: str
    path: str
    query: Query | None = None
    body: object = None
    revision: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Give what the call says besides its body."""
        accept = {"Accept": "application/json"}
        if not self.revision:
            # None, or 0: the cloud counts no revisions.
            return accept
        return accept | {"If-Match": f"revision_number={self.revision}"}
