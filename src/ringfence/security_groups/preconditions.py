"""What a caller has seen of a group, so that nothing else is changed: a version, or a plan."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from starlette.requests import Request

from ringfence.errors import PreconditionFailed
from ringfence.http.context import context_of
from ringfence.http.preconditions import ANY, read_tags
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.readiness import require_state
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.states import Action
from ringfence.settings import ContractVersion

# The version in a tag; what follows it tells answers apart that show one version differently.
_VERSION = re.compile(r'"v([1-9][0-9]{0,9})(?:\.[^"]*)?"')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The tags of `If-Match` (None where it was not sent), the token of a plan, and the contract.

    The contract decides from which states a group may be changed.
    """

    tags: frozenset[str] | None = None
    plan_token: str | None = None
    contract: ContractVersion = "2025-11"

    def require_state(self, group: SecurityGroup, operation: Action) -> None:
        """Raise `Conflict` unless the operation may start from the group's state."""
        require_state(group, operation, self.contract)

    def require_version(self, group: SecurityGroup) -> None:
        """Raise `PreconditionFailed` where the group is not at the version that was seen."""
        version = group.version
        is_seen = self.tags is None or ANY in self.tags or version in self._versions()
        if self.plan_token is not None:
            is_seen &= self.plan_token.partition(".")[0] == str(version)
        if not is_seen:
            raise PreconditionFailed(
                f"The security group is at version {version}, which is not what was seen; "
                "look again."
            )

    def _versions(self) -> set[int]:
        found = map(_VERSION.fullmatch, self.tags or ())
        return {int(match[1]) for match in found if match}

    def require_plan(self, group: SecurityGroup, rules: Sequence[RuleRequest]) -> None:
        """Raise `PreconditionFailed` where these are not the rules that were planned."""
        if self.plan_token is not None and self.plan_token != plan_token(group, rules):
            raise PreconditionFailed("These are not the rules that were planned; plan again.")


NONE = Preconditions()


def read_preconditions(request: Request) -> Preconditions:
    """Read `If-Match`, `plan_token` and the contract of a request."""
    token = context_of(request).own_parameter("plan_token")
    return Preconditions(read_tags(request.headers), token, context_of(request).contract)


def etag(version: int) -> str:
    """Give the tag of what is asked for of a group at this version."""
    return f'"v{version}"'


def plan_token(group: SecurityGroup, rules: Sequence[RuleRequest]) -> str:
    """Bind rules to the group and its present version.

    It grants nothing, so it needs no secret: who could guess it may send the rules without it.
    """
    said = repr((group.uuid.hex, group.version, [astuple(rule) for rule in rules]))
    return f"{group.version}.{hashlib.sha256(said.encode()).hexdigest()}"
