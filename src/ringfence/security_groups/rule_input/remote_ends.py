"""The remote end of a submitted rule: kept or refused, never lost. Everything here is pure.

A rule without a remote end admits any address. Some ends cannot be set by a request (`cidr` and
`remote_group` cannot name an address group, nor a group without a row here), so a rule that was
read and sent back is compared with what its security group knows: its rules, what the cloud last
showed of it, and its versions. See `known_ends` for how these are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from ringfence.http.fields import is_unicode, printable
from ringfence.security_groups.rule_input.rule_keys import (
    ADDRESS_GROUP_BACKEND_ID,
    REMOTE_GROUP_BACKEND_ID,
    REMOTE_GROUP_NAME,
    REMOTE_GROUP_UUID,
)
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd
from ringfence.security_groups.rules import Rule, RuleKey, canonical
from ringfence.text.json_value import Json

END_KEYS = (
    ADDRESS_GROUP_BACKEND_ID,
    REMOTE_GROUP_BACKEND_ID,
    REMOTE_GROUP_UUID,
    REMOTE_GROUP_NAME,
)
# Those that clients of the contract do not know, and so do not leave behind.
_OWN_KEYS = (ADDRESS_GROUP_BACKEND_ID, REMOTE_GROUP_BACKEND_ID)

Described = Mapping[str, str]


class EndProblem(ValueError):
    """What is wrong with a rule's remote end, and the key that says it or lacks it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class RemoteEnd:
    """A group or an address group, as rules name it.

    `group` is the hexadecimal uuid of a group of the tenant. Without it, no request can set this
    end: it is known by its backend id alone, or by its name where it never was in a cloud.
    """

    name: str
    backend_id: str
    group: str | None = None
    is_address_group: bool = False

    @classmethod
    def of(cls, end: UnresolvedEnd) -> Self:
        """Return the end that a row keeps."""
        address_group = end.address_group_backend_id
        if address_group is not None:
            # So it stands in the document of its security group.
            return cls(f"address group {address_group}", address_group, is_address_group=True)
        backend_id = end.group_backend_id or ""
        return cls(end.group_name or backend_id, backend_id)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells two ends apart."""
        if self.group is not None:
            return (self.group,)
        return (self.is_address_group, self.backend_id, "" if self.backend_id else self.name)

    @property
    def unresolved(self) -> UnresolvedEnd:
        """The end as a row keeps it."""
        if self.is_address_group:
            return UnresolvedEnd(address_group_backend_id=self.backend_id)
        return UnresolvedEnd(self.backend_id, self.name)

    @property
    def words(self) -> str:
        """The end in a sentence."""
        if self.is_address_group:
            return f"the address group {self.backend_id}"
        is_nameless = self.name in {"", self.backend_id} or not self.backend_id
        return f"the security group {self.name or self.backend_id}" + (
            "" if is_nameless else f" ({self.backend_id})"
        )

    @property
    def sent(self) -> dict[str, str]:
        """The keys and values by which a request keeps the end."""
        if self.is_address_group:
            return {ADDRESS_GROUP_BACKEND_ID: self.backend_id}
        if self.backend_id:
            return {REMOTE_GROUP_BACKEND_ID: self.backend_id}
        return {REMOTE_GROUP_BACKEND_ID: "", REMOTE_GROUP_NAME: self.name}

    @property
    def as_sent(self) -> str:
        """The same in words."""
        return " and ".join(f'"{key}": "{value}"' for key, value in self.sent.items())


@dataclass(frozen=True, slots=True)
class LimitedRule:
    """A rule that has, or had, a remote end which is a group or an address group.

    `rest` is all else of it, `id` that of a stored rule. An end of no rule in particular has none.
    `is_present` is set for what is stored or was last observed, and not for former versions.
    """

    end: RemoteEnd
    rest: RuleKey | None = None
    id: int | None = None
    is_present: bool = False


@dataclass(frozen=True, slots=True)
class KnownEnds:
    """The remote ends that may be meant: those of a security group, and groups of its tenant."""

    rules: Sequence[LimitedRule] = ()
    groups: Sequence[RemoteEnd] = ()
    open_rests: frozenset[RuleKey] = frozenset()

    def described_by(self, described: Described) -> list[LimitedRule]:
        """Return what the keys identify: by backend id, by the uuid of a group, or by name."""
        found = [*self.rules, *map(LimitedRule, self.groups)]
        address_group = described.get(ADDRESS_GROUP_BACKEND_ID)
        backend_id = described.get(REMOTE_GROUP_BACKEND_ID)
        if address_group is not None:
            if backend_id is not None:
                return []
            return [
                one
                for one in found
                if one.end.is_address_group and one.end.backend_id == address_group
            ]
        groups = [one for one in found if not one.end.is_address_group]
        if backend_id:
            return [one for one in groups if one.end.backend_id == backend_id]
        if REMOTE_GROUP_UUID in described:
            uuid = _hex(described[REMOTE_GROUP_UUID])
            return [one for one in groups if uuid and one.end.group == uuid]
        return self._named(described, backend_id)

    def _named(self, described: Described, backend_id: str | None) -> list[LimitedRule]:
        # Only what this security group has had: any other group of that name is not meant.
        name = described.get(REMOTE_GROUP_NAME)
        return [
            one
            for one in self.rules
            if (name is None or one.end.name == name)
            and (backend_id is None or not (one.end.backend_id or one.end.is_address_group))
        ]

    def end_of(self, request: RuleRequest) -> RemoteEnd | None:
        """Return the group or address group at the end of a stored rule, if it has one."""
        if request.unresolved is not None:
            return RemoteEnd.of(request.unresolved)
        uuid = request.rule.remote_group
        if uuid is None:
            return None
        known = (end for end in self.groups if end.group == uuid)
        return next(known, RemoteEnd("", "", uuid))


def known_of_stored(
    stored: Sequence[RuleRequest],
    groups: Sequence[RemoteEnd] = (),
    others: Sequence[LimitedRule] = (),
) -> KnownEnds:
    """Return what is known from a group's rules, and from `others` that it has had or has there."""
    bare = KnownEnds(groups=groups)
    limited = [
        LimitedRule(end, rest_of(request.rule), request.id, is_present=True)
        for request in stored
        if (end := bare.end_of(request)) is not None
    ]
    opened = frozenset(rest_of(request.rule) for request in stored if is_open(request))
    return KnownEnds([*limited, *others], groups, opened)


def settle(
    rule: Rule,
    base: RuleRequest,
    said: Mapping[str, Any],
    described: Described,
    known: KnownEnds,
) -> RuleRequest:
    """Return the submitted rule with its remote end; raises `EndProblem`.

    `said` are the fields that were sent, `base` the stored rule whose id was sent, or an empty one.
    """
    if said.get("cidr") or said.get("remote_group"):
        _refuse_contradiction(rule, described, known)
        return RuleRequest(rule, base.id)
    if described:
        end = _described_end(rule, base, described, known)
        if end.group is None:
            return RuleRequest(rule, base.id, end.unresolved)
        return RuleRequest(replace(rule, remote_group=end.group), base.id)
    request = RuleRequest(rule, base.id)
    if request.has_remote_end:
        return request
    return RuleRequest(rule, base.id, base.unresolved)


def descriptions(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that describe a remote end, with their values; an empty text is a value.

    Raises `EndProblem`.
    """
    found: dict[str, str] = {}
    for key in END_KEYS:
        value = entry.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise EndProblem(key, "Not a valid string.")
        found[key] = value
    return found


def says_end(entry: Mapping[str, Any]) -> bool:
    """Return whether a rule says its remote end in a key of the contract; empty texts are null."""
    said = (entry.get(key) for key in ("cidr", "remote_group"))
    return any(isinstance(value, str) and value.strip() for value in said)


def has_own_key(entry: Mapping[str, Any]) -> bool:
    """Return whether a rule says its remote end in a key that the contract does not know."""
    return any(entry.get(key) is not None for key in _OWN_KEYS)


def needs_more(entry: Json) -> bool:
    """Return whether a rule can be understood only with all that its group knows."""
    if not isinstance(entry, Mapping):
        return False
    if says_end(entry):
        return has_own_key(entry)
    return any(entry.get(key) is not None for key in END_KEYS)


def rest_of(rule: Rule) -> RuleKey:
    """Return what decides whether two rules are one, apart from their remote ends."""
    return canonical(replace(rule, cidr=None, remote_group=None, remote_address_group=None))


def is_open(request: RuleRequest) -> bool:
    """Return whether a rule admits any address, by no end or by a prefix of all addresses."""
    return request.unresolved is None and canonical(request.rule) == rest_of(request.rule)


def uuids_and_backend_ids(body: Json) -> tuple[set[str], set[str]]:
    """Return what a list of rules says of groups beside `remote_group`, to look them up at once."""
    entries = [entry for entry in _entries(body) if isinstance(entry, Mapping)]
    uuids = (_hex(entry.get(REMOTE_GROUP_UUID)) for entry in entries)
    backend_ids = (entry.get(REMOTE_GROUP_BACKEND_ID) for entry in entries)
    return (
        {uuid for uuid in uuids if uuid},
        {text for text in backend_ids if isinstance(text, str) and text and _is_storable(text)},
    )


def _is_storable(text: str) -> bool:
    # What PostgreSQL does not take is no id; it is refused as an unknown one later.
    return "\0" not in text and is_unicode(text)


def _entries(body: Json) -> list[Json]:
    return body if isinstance(body, list) else []


def _described_end(
    rule: Rule, base: RuleRequest, described: Described, known: KnownEnds
) -> RemoteEnd:
    found = known.described_by(described)
    key = next(iter(described))
    if base.id is not None:
        own = known.end_of(base)
        if own is None or own.key not in {one.end.key for one in found}:
            raise EndProblem(key, _contradicts_id(rule, base, own))
        return own
    ends = {one.end.key: one.end for one in reversed(found)}
    if len(ends) > 1:
        rest = rest_of(rule)
        equal = [one for one in found if one.rest == rest]
        ends = {one.end.key: one.end for one in reversed(equal)} or ends
    if not ends:
        raise EndProblem(key, _unknown_end(rule, key, described[key]))
    if len(ends) > 1:
        raise EndProblem(key, ambiguous(key, described[key], list(ends.values())))
    return next(iter(ends.values()))


def _refuse_contradiction(rule: Rule, described: Described, known: KnownEnds) -> None:
    """Raise `EndProblem` where our own keys say another end than `cidr` or `remote_group`."""
    said = "cidr" if rule.cidr else "remote_group"
    group = next((end for end in known.groups if end.group == rule.remote_group), None)
    for key in _OWN_KEYS:
        value = described.get(key)
        if value is None:
            continue
        is_group = key == REMOTE_GROUP_BACKEND_ID and not rule.cidr
        # Of a group that was not in the cloud yet, the id was shown as empty.
        if is_group and (not value or (group is not None and group.backend_id == value)):
            continue
        raise EndProblem(
            key, f"{key} says another remote end than {said}: a rule has one. Leave out either."
        )


def everybody(rule: Rule) -> str:
    """Return what opens a rule to any address on purpose, in words."""
    prefix = "0.0.0.0/0" if rule.ethertype == "IPv4" else "::/0"
    return f'"cidr": "{prefix}"'


def _unknown_end(rule: Rule, key: str, value: str) -> str:
    return (
        f'{key} says "{printable(value)}", which is not the remote end of any rule that this'
        " security group has or had: without it, the rule would be open to any address. Send the"
        " id of the rule to keep, a remote_group or a cidr; to open the rule to any address on"
        f" purpose, send {everybody(rule)} without {key}."
    )


def _contradicts_id(rule: Rule, base: RuleRequest, own: RemoteEnd | None) -> str:
    has = "no such remote end" if own is None else f"another remote end, {own.words}"
    return (
        f"The rule with id {base.id} has {printable(has)}. Send remote_group or cidr to change it,"
        f" neither to keep it, or {everybody(rule)} to open the rule to any address on purpose."
    )


def ambiguous(key: str, value: str, ends: Sequence[RemoteEnd]) -> str:
    """Say that a key may mean any of these ends, and how each is told."""
    shown = "; ".join(f"{printable(end.words)} is {printable(end.as_sent)}" for end in ends[:5])
    return (
        f'{key} "{printable(value)}" may mean {len(ends)} remote ends. Send the id of the rule to'
        f" keep, or say which: {shown}."
    )


def _hex(value: object) -> str | None:
    if not isinstance(value, str) or not len(value) <= 36:  # noqa: PLR2004 - with dashes
        return None
    try:
        return UUID(value).hex
    except ValueError:
        return None
