"""Preconditions of a change: the version in `If-Match`, the plan, and the state of the group."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from starlette.requests import Request

from ringfence.database.pool import Connection
from ringfence.errors import PreconditionFailed
from ringfence.http.context import context_of
from ringfence.http.preconditions import ANY, read_tags
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.readiness import require_state
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.states import Action
from ringfence.settings import ContractVersion

# The version in a tag. The suffix distinguishes documents that show one version differently.
_VERSION = re.compile(r'"v([1-9][0-9]{0,9})(?:\.[^"]*)?"')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The tags of `If-Match` (None without the header), the token of a plan, and the contract.

    The contract decides from which states a group may be changed.
    """

    tags: frozenset[str] | None = None
    plan_token: str | None = None
    contract: ContractVersion = "2025-11"

    async def lock(
        self, connection: Connection, group: SecurityGroup, action: Action | None = None
    ) -> SecurityGroup:
        """Lock the tenant and the group, and return the group as it is now.

        Raises `NotFound`, `Conflict` if the action may not start from the group's state, and
        `PreconditionFailed` if the group is not at the expected version. Without an action, every
        state is accepted.
        """
        group = await queries.lock_in_tenant(connection, group)
        if action is not None:
            require_state(group, action, self.contract)
        self._require_version(group)
        return group

    def _require_version(self, group: SecurityGroup) -> None:
        version = group.version
        if self.tags is not None and ANY not in self.tags and version not in self._versions():
            raise _another_version(version, "If-Match")
        if self.plan_token is not None and self.plan_token.partition(".")[0] != str(version):
            raise _another_version(version, "the plan")

    def _versions(self) -> set[int]:
        matches = map(_VERSION.fullmatch, self.tags or ())
        return {int(match[1]) for match in matches if match}

    async def require_plan(
        self, connection: Connection, group: SecurityGroup, rules: Sequence[RuleRequest]
    ) -> None:
        """Raise `PreconditionFailed` if this is not what was planned.

        The plan is of these rules, compared with what the cloud had: if that has changed, they
        open and close something else.
        """
        if self.plan_token is None:
            return
        last = await observations.last_observation(connection, group.id)
        _, of_rules, of_cloud = f"{self.plan_token}..".split(".")[:3]
        _, rules_now, cloud_now = plan_token(group, rules, last).split(".")
        if of_rules != rules_now:
            raise PreconditionFailed("These are not the rules that were planned. Plan again.")
        if of_cloud != cloud_now:
            raise PreconditionFailed(
                "The group in the cloud has changed since the plan, so these rules would open or "
                "close something else. Plan again."
            )


NONE = Preconditions()


def _another_version(version: int, sent: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"The security group is at version {version}, not the version in {sent}. Fetch it again."
    )


def read_preconditions(request: Request) -> Preconditions:
    """Read `If-Match`, `plan_token` and the contract of a request."""
    token = context_of(request).own_parameter("plan_token")
    return Preconditions(read_tags(request.headers), token, context_of(request).contract)


def etag(version: int) -> str:
    """Return the tag of a group's desired state at this version."""
    return f'"v{version}"'


def plan_token(
    group: SecurityGroup, rules: Sequence[RuleRequest], last: LastObservation | None
) -> str:
    """Return a token that binds rules to the group, its version and its last observation.

    It needs no secret because it grants nothing: the rules can be sent without it.
    """
    # A rule that was removed and added again is the same rule.
    cloud = last and (
        last.missing,
        sorted(repr(sorted({**rule, "id": ""}.items())) for rule in last.rules),
        sorted(repr(sorted(rule.items())) for rule in last.unreadable),
    )
    parts = (group.uuid.hex, group.version, [astuple(rule) for rule in rules]), cloud
    digests = (hashlib.sha256(repr(part).encode()).hexdigest()[:32] for part in parts)
    return ".".join([str(group.version), *digests])
