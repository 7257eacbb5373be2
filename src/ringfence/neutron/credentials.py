"""What the token of an entry of clouds.yaml says about its rights; the secret is not part of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ringfence.neutron.operations import AccessRule
from ringfence.text.json_value import Json


class TokenScope(StrEnum):
    """What a token of Keystone is for."""

    PROJECT = "project"
    DOMAIN = "domain"
    SYSTEM = "system"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Credentials:
    """User, scope and roles of a token.

    Roles are in lower case, as policies compare them. Without access rules, there is no such
    limit. The paths are those of the endpoints of both services, with the version; without a
    project, that of the network service is not known.
    """

    user: str
    scope: TokenScope
    project_id: str
    project_name: str
    roles: tuple[str, ...]
    network_path: str
    identity_path: str
    is_admin_project: bool = True
    access_rules: tuple[AccessRule, ...] | None = None

    @property
    def project(self) -> str:
        """The project for messages."""
        return f"{self.project_name} ({self.project_id})"


def credentials_from_token(
    token: Mapping[str, Json], network_path: str, identity_path: str
) -> Credentials:
    """Read the `token` of Keystone's response to a sign-in."""
    project = _mapping(token, "project")
    credential = _mapping(token, "application_credential")
    rules = credential.get("access_rules")
    return Credentials(
        user=str(_mapping(token, "user").get("name", "")),
        scope=_scope(token),
        project_id=str(project.get("id", "")),
        project_name=str(project.get("name", "")),
        roles=tuple(sorted(str(role["name"]).lower() for role in token.get("roles") or ())),
        network_path=network_path,
        identity_path=identity_path,
        is_admin_project=bool(token.get("is_admin_project", True)),
        access_rules=None if rules is None else tuple(map(_access_rule, rules)),
    )


def _scope(token: Mapping[str, Json]) -> TokenScope:
    for scope in (TokenScope.PROJECT, TokenScope.DOMAIN, TokenScope.SYSTEM):
        if token.get(scope):
            return scope
    return TokenScope.NONE


def _mapping(token: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    value = token.get(key)
    return value if isinstance(value, Mapping) else {}


def _access_rule(rule: Mapping[str, Json]) -> AccessRule:
    return AccessRule(*(str(rule.get(key, "")) for key in ("service", "method", "path")))
