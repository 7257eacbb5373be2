"""The schema of a provisioning file: its keys, their types and their limits.

A key that is absent or null is not stated: an existing object keeps its value, a new one gets the
default. The stated keys are pydantic's `model_fields_set`.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.firewall_drivers import FIREWALL_DRIVERS, OBSERVED, SAME_FIREWALL_DRIVERS
from ringfence.provisioning.parser import Plain
from ringfence.provisioning.problems import nearest, quote
from ringfence.security_groups.rule_input.refused_input import (
    LARGEST_PORT,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    is_name_of_default_group,
)
from ringfence.security_groups.rules import DEFAULT_NAME, DIRECTIONS, ETHERTYPES
from ringfence.security_groups.states import State
from ringfence.text.escaping import controls
from ringfence.text.uuids import ANY_UUID

_UUID = re.compile(ANY_UUID)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
# One word in an HTTP header
_TOKEN = re.compile(r"[!-~]{1,512}")
_BOOLEANS = {"true": True, "True": True, "TRUE": True}
_BOOLEANS |= {"false": False, "False": False, "FALSE": False}

NAME_CHARACTERS = 255

# The state of an object that a load removes
ABSENT = "absent"
# The state of an object without a state of its own
PRESENT = "present"


def _error(message: str) -> PydanticCustomError:
    # In the template itself, braces would be placeholders.
    return PydanticCustomError("problem", "{message}", {"message": message})


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _error("should be text")
    text = str(value)
    if "\0" in text:
        raise _error("null characters are not allowed")
    # `isascii` is the fast path: a large file has millions of texts, most of them ASCII.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _error("contains half of a surrogate pair, which is not text")
    return text


def _short(limit: int, *, blank: bool) -> BeforeValidator:
    return BeforeValidator(lambda value: _short_text(value, limit, blank=blank))


def _short_text(value: object, limit: int, *, blank: bool) -> str:
    text = _text(value)
    if len(text) > limit:
        raise _error(f"should have at most {limit} characters, found {len(text)}")
    if not blank and not text.strip():
        raise _error("should not be empty")
    return text


def _name(value: object) -> str:
    name = _short_text(value, NAME_CHARACTERS, blank=False)
    if controls(name):
        raise _error("should not contain control characters or direction marks")
    return name


def _group_name(value: object) -> str:
    name = _short_text(value, LONGEST_NAME, blank=False)
    # `default` itself is the group that the cloud creates; clouds refuse other spellings.
    if is_name_of_default_group(name) and name != DEFAULT_NAME:
        raise _error(f"{quote(name)} is not allowed: clouds refuse this spelling of 'default'")
    return name


def is_group_name(name: str) -> bool:
    """Return whether a file can name a security group like this; clouds have other names too."""
    try:
        _group_name(name)
    except PydanticCustomError:
        return False
    return True


def _uuid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    text = _text(value)
    if not _UUID.fullmatch(text):
        raise _error(f"{quote(text)} is not a UUID: 32 hexadecimal digits, or the dashed form")
    return UUID(text)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise _error("should be true or false")


def _integer(low: int, high: int) -> BeforeValidator:
    def check(value: object) -> int:
        if not isinstance(value, int | str) or isinstance(value, bool):
            raise _error("should be an integer")
        if isinstance(value, str) and not _INTEGER.fullmatch(value):
            raise _error(f"should be an integer, found {quote(value)}")
        if not low <= int(value) <= high:
            raise _error(f"should be in range [{low}, {high}], found {value}")
        return int(value)

    return BeforeValidator(check)


def _choice(*choices: str) -> BeforeValidator:
    # Members of enums become plain text, which messages show.
    allowed = [str(choice) for choice in choices]

    def check(value: object) -> str:
        text = _text(value)
        if text not in allowed:
            hint = nearest(text, allowed) or f"; allowed: {', '.join(allowed)}"
            raise _error(f"{quote(text)} is not allowed{hint}")
        return text

    return BeforeValidator(check)


def _firewall_driver(value: object) -> str:
    """Return the driver, also for another name that Neutron has for it.

    All drivers are named if it is none of them: `ovs` is more like `ovn` than like `openvswitch`.
    """
    text = _text(value)
    name = SAME_FIREWALL_DRIVERS.get(text, text)
    allowed = (*FIREWALL_DRIVERS, OBSERVED)
    if name not in allowed:
        raise _error(f"{quote(text)} is not allowed; allowed: {', '.join(allowed)}")
    return name


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        moment = value
    else:
        text = _text(value)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _error(f"{quote(text)} is not a time such as 2025-11-26T10:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _error(f"{moment.isoformat()} is outside the years 1 to 9999") from None


def _token(value: object) -> str:
    # Messages never contain a token.
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise _error("should be 1 to 512 visible ASCII characters without spaces (not shown here)")
    return str(value)


def _typed(value: object) -> object:
    """Convert unquoted scalars of free-form content to the types that JSON has for them."""
    if isinstance(value, dict):
        return {_text(key): _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, Plain):
        if value in _BOOLEANS:
            return _BOOLEANS[value]
        if _INTEGER.fullmatch(value):
            return int(value)
        if _NUMBER.fullmatch(value) and abs(number := float(value)) != float("inf"):
            return number
    return _text(value) if isinstance(value, str) else value


def _unless_absent(value: object, info: ValidationInfo) -> object:
    """Require a value, except for an object that is to be removed; `state` comes before it."""
    if value is None and info.data.get("state") != ABSENT:
        raise PydanticCustomError("missing", "is missing")
    return value


def _options(value: object) -> object:
    return _typed(value) if isinstance(value, dict) else value


Name = Annotated[str, BeforeValidator(_name)]
GroupName = Annotated[str, BeforeValidator(_group_name)]
Word = Annotated[str, _short(NAME_CHARACTERS, blank=True)]
Description = Annotated[str, _short(LONGEST_DESCRIPTION, blank=True)]
Message = Annotated[str, _short(100_000, blank=True)]
Uuid = Annotated[UUID, BeforeValidator(_uuid)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Limit = Annotated[int, _integer(-1, 2**31 - 1)]
Port = Annotated[int, _integer(-1, LARGEST_PORT)]
Time = Annotated[datetime, BeforeValidator(_time)]
Token = Annotated[str, BeforeValidator(_token)]
StateWord = Annotated[str, _choice(*State, ABSENT)]
Presence = Annotated[str, _choice(PRESENT, ABSENT)]
Backend = Annotated[str, _choice("openstack", "sandbox")]
FirewallDriver = Annotated[str, BeforeValidator(_firewall_driver)]


class Entry(BaseModel):
    """Base of the file's mappings: unknown keys are errors, null means absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:  # noqa: ANN401 - any value of the file
        if not isinstance(data, dict):
            return data
        return {k: v for k, v in data.items() if v is not None or k not in cls.model_fields}

    @property
    def is_absent(self) -> bool:
        """Whether the object is to be removed."""
        return getattr(self, "state", None) == ABSENT


class CloudEntry(Entry):
    """A cloud: "service settings" on the wire."""

    name: Name
    uuid: Uuid | None = None
    state: StateWord = State.OK
    backend: Annotated[
        Backend | None, Field(validate_default=True), AfterValidator(_unless_absent)
    ] = None
    openstack_cloud: Name | None = None
    firewall_driver: FirewallDriver = OBSERVED
    error_message: Message = ""


class UserEntry(Entry):
    """A user; only the SHA-256 of `token` is stored."""

    username: Name
    uuid: Uuid | None = None
    state: Presence = PRESENT
    token: Annotated[Token | None, Field(repr=False)] = None
    is_staff: Boolean = False
    is_support: Boolean = False
    is_active: Boolean = True

    @property
    def name(self) -> str:
        return self.username


class RuleEntry(Entry):
    """A rule; -1 means any port, as in the API."""

    ethertype: Annotated[str, _choice(*ETHERTYPES)] = "IPv4"
    direction: Annotated[str, _choice(*DIRECTIONS)] = "ingress"
    protocol: Word = ""
    from_port: Port = -1
    to_port: Port = -1
    cidr: Word | None = None
    description: Description = ""
    remote_group: Word | None = None


class GroupEntry(Entry):
    """A security group, stored as stated; nothing is pushed unless the load has `--push`."""

    name: GroupName
    uuid: Uuid | None = None
    description: Description = ""
    backend_id: Word = ""
    state: StateWord = State.OK
    # With the state absent: delete the group in the cloud too, not only here
    delete_in_cloud: Boolean = False
    error_message: Message = ""
    created: Time | None = None
    modified: Time | None = None
    rules: list[RuleEntry] = []

    @model_validator(mode="after")
    def _deletes_what_is_absent(self) -> Self:
        if self.delete_in_cloud and not self.is_absent:
            raise _error(f"delete_in_cloud needs 'state: {ABSENT}'")
        return self


class QuotasEntry(Entry):
    """A tenant's limits; -1 means no limit."""

    security_group_count: Limit = -1
    security_group_rule_count: Limit = -1


class MarketplaceEntry(Entry):
    """The marketplace fields of the tenant's groups."""

    resource_uuid: Uuid | None = None
    resource_state: Word | None = None
    offering_uuid: Uuid | None = None
    offering_name: Word | None = None
    offering_type: Word | None = None
    offering_plugin_options: Annotated[dict[str, Any], BeforeValidator(_options)] | None = None
    category_uuid: Uuid | None = None
    category_name: Word | None = None
    plan_uuid: Uuid | None = None
    is_usage_based: Boolean | None = None
    is_limit_based: Boolean | None = None


class TenantEntry(Entry):
    """A tenant: a project in a cloud."""

    name: Name
    uuid: Uuid | None = None
    state: StateWord = State.OK
    cloud: Annotated[Name | None, Field(validate_default=True), AfterValidator(_unless_absent)] = (
        None
    )
    openstack_cloud: Name | None = None
    backend_id: Word = ""
    drift_mode: Annotated[str, _choice(*DriftMode)] = DriftMode.ADOPT
    quotas: QuotasEntry = QuotasEntry()
    marketplace: MarketplaceEntry | None = None
    security_groups: list[GroupEntry] = []


class ProjectEntry(Entry):
    """A project of a customer."""

    name: Name
    uuid: Uuid | None = None
    state: Presence = PRESENT
    tenants: list[TenantEntry] = []


class CustomerEntry(Entry):
    """A customer with its projects."""

    name: Name
    uuid: Uuid | None = None
    state: Presence = PRESENT
    native_name: Word = ""
    abbreviation: Word = ""
    projects: list[ProjectEntry] = []


class RoleEntry(Entry):
    """A role of a user in a customer or a project."""

    user: Name
    role: Annotated[str, _choice(*CUSTOMER_ROLES, *PROJECT_ROLES)]
    customer: Name | None = None
    project: Name | None = None
    state: Presence = PRESENT

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        scope, other = ("customer", "project")
        if self.role in PROJECT_ROLES:
            scope, other = other, scope
        if getattr(self, scope) is None:
            raise _error(f"the role {self.role} needs the key {scope!r}")
        if getattr(self, other) is not None:
            raise _error(f"the role {self.role} belongs to a {scope}; remove {other!r}")
        return self


class Document(Entry):
    """A provisioning document: a file, or a line of a JSON Lines file."""

    clouds: list[CloudEntry] = []
    users: list[UserEntry] = []
    customers: list[CustomerEntry] = []
    roles: list[RoleEntry] = []
