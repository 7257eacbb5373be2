"""What a caller has seen of a group, so that nothing else is changed: a version, or a plan."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from starlette.requests import Request

from ringfence.errors import PreconditionFailed
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.schemas import RuleRequest

# Strong tags alone: If-Match never holds for a weak one (RFC 9110, section 13.1.1).
_TAG = re.compile(r'(?:^|,)\s*("[^"]*")\s*(?=,|$)')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The tags of `If-Match` (None where it was not sent), and the token of a plan."""

    tags: frozenset[str] | None = None
    plan_token: str | None = None

    def require_version(self, group: SecurityGroup) -> None:
        """Raise `PreconditionFailed` where the group is not at the version that was seen."""
        version = group.version
        is_seen = self.tags is None or bool(self.tags & {"*", etag(version)})
        if self.plan_token is not None:
            is_seen &= self.plan_token.partition(".")[0] == str(version)
        if not is_seen:
            raise PreconditionFailed(
                f"The security group is at version {version}, which is not what was seen; "
                "look again."
            )

    def require_plan(self, group: SecurityGroup, rules: Sequence[RuleRequest]) -> None:
        """Raise `PreconditionFailed` where these are not the rules that were planned."""
        if self.plan_token is not None and self.plan_token != plan_token(group, rules):
            raise PreconditionFailed("These are not the rules that were planned; plan again.")


NONE = Preconditions()


def read_preconditions(request: Request) -> Preconditions:
    """Read `If-Match` and `plan_token` of a request."""
    sent = request.headers.getlist("if-match")
    tags = None
    if sent:
        joined = ", ".join(sent).strip()
        tags = frozenset({"*"} if joined == "*" else _TAG.findall(joined))
    return Preconditions(tags, request.query_params.get("plan_token"))


def etag(version: int) -> str:
    """Give the tag of what is asked for of a group at this version."""
    return f'"v{version}"'


def plan_token(group: SecurityGroup, rules: Sequence[RuleRequest]) -> str:
    """Bind rules to the group and its present version.

    It grants nothing, so it needs no secret: who could guess it may send the rules without it.
    """
    said = repr((group.uuid.hex, group.version, [astuple(rule) for rule in rules]))
    return f"{group.version}.{hashlib.sha256(said.encode()).hexdigest()}"
