"""Decides the remote end of a submitted rule: it is kept or refused, never dropped. Pure.

A rule without a remote end admits any address. Requests cannot set every end: `cidr` and
`remote_group` cannot name an address group, or a group that has no row here. So a rule that was
read and sent back is compared with what its security group knows: its stored rules, the last
observation and its versions. `known_ends` loads these.
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
from ringfence.security_groups.rule_input.rule_requests import (
    RuleProblem,
    RuleRequest,
    UnresolvedEnd,
)
from ringfence.security_groups.rules import Rule, RuleKey, canonical
from ringfence.text.json_value import Json

END_KEYS = (
    ADDRESS_GROUP_BACKEND_ID,
    REMOTE_GROUP_BACKEND_ID,
    REMOTE_GROUP_UUID,
    REMOTE_GROUP_NAME,
)
# Clients that know only the contract never send these by accident.
_EXTENSION_KEYS = (ADDRESS_GROUP_BACKEND_ID, REMOTE_GROUP_BACKEND_ID)

# The keys of a request that describe a remote end, with their values
EndKeys = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RemoteEnd:
    """A group or an address group at the remote end of rules.

    `group` is the hexadecimal UUID of a group of the tenant. Without it, no request can set this
    end: only its backend id is known, or only its name if it was never created in the cloud.
    """

    name: str
    backend_id: str
    group: str | None = None
    is_address_group: bool = False

    @classmethod
    def from_unresolved(cls, end: UnresolvedEnd) -> Self:
        """Return the end of a stored rule whose group or address group has no row."""
        address_group = end.address_group_backend_id
        if address_group is not None:
            # The name that the group's document shows
            return cls(f"address group {address_group}", address_group, is_address_group=True)
        backend_id = end.group_backend_id or ""
        return cls(end.group_name or backend_id, backend_id)

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of the end: equal keys are one end."""
        if self.group is not None:
            return (self.group,)
        return (self.is_address_group, self.backend_id, "" if self.backend_id else self.name)

    @property
    def unresolved(self) -> UnresolvedEnd:
        """The end as the row of a rule stores it."""
        if self.is_address_group:
            return UnresolvedEnd(address_group_backend_id=self.backend_id)
        return UnresolvedEnd(self.backend_id, self.name)

    @property
    def label(self) -> str:
        """The end as error messages name it."""
        if self.is_address_group:
            return f"the address group {self.backend_id}"
        is_nameless = self.name in {"", self.backend_id} or not self.backend_id
        return f"the security group {self.name or self.backend_id}" + (
            "" if is_nameless else f" ({self.backend_id})"
        )

    @property
    def request_keys(self) -> dict[str, str]:
        """The keys and values with which a request keeps the end."""
        if self.is_address_group:
            return {ADDRESS_GROUP_BACKEND_ID: self.backend_id}
        if self.backend_id:
            return {REMOTE_GROUP_BACKEND_ID: self.backend_id}
        return {REMOTE_GROUP_BACKEND_ID: "", REMOTE_GROUP_NAME: self.name}

    @property
    def request_text(self) -> str:
        """The `request_keys` as error messages write them."""
        return " and ".join(f'"{key}": "{value}"' for key, value in self.request_keys.items())


@dataclass(frozen=True, slots=True)
class ReferencingRule:
    """A rule whose remote end is, or was, a group or an address group.

    `key` is the rule's key without the end, and None for an end that belongs to no rule. `id` is
    set for a stored rule. `is_current` is set for stored and observed rules, not for versions.
    """

    end: RemoteEnd
    key: RuleKey | None = None
    id: int | None = None
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class KnownEnds:
    """The remote ends that a request may mean: of one security group, and groups of its tenant.

    `open_keys` are the keys of the group's stored rules that admit any address.
    """

    rules: Sequence[ReferencingRule] = ()
    groups: Sequence[RemoteEnd] = ()
    open_keys: frozenset[RuleKey] = frozenset()

    def matching(self, sent: EndKeys) -> list[ReferencingRule]:
        """Return the rules whose end has the backend id, UUID or name in the keys."""
        known = [*self.rules, *map(ReferencingRule, self.groups)]
        address_group = sent.get(ADDRESS_GROUP_BACKEND_ID)
        backend_id = sent.get(REMOTE_GROUP_BACKEND_ID)
        if address_group is not None:
            if backend_id is not None:
                return []
            return [
                rule
                for rule in known
                if rule.end.is_address_group and rule.end.backend_id == address_group
            ]
        groups = [rule for rule in known if not rule.end.is_address_group]
        if backend_id:
            return [rule for rule in groups if rule.end.backend_id == backend_id]
        if REMOTE_GROUP_UUID in sent:
            uuid = _hex(sent[REMOTE_GROUP_UUID])
            return [rule for rule in groups if uuid and rule.end.group == uuid]
        return self._by_name(sent, backend_id)

    def _by_name(self, sent: EndKeys, backend_id: str | None) -> list[ReferencingRule]:
        # A name means only ends that this group's rules have or had, not another group of the name.
        name = sent.get(REMOTE_GROUP_NAME)
        return [
            rule
            for rule in self.rules
            if (name is None or rule.end.name == name)
            and (backend_id is None or not (rule.end.backend_id or rule.end.is_address_group))
        ]

    def end_of(self, request: RuleRequest) -> RemoteEnd | None:
        """Return the group or address group at the remote end of a stored rule, if it has one."""
        if request.unresolved is not None:
            return RemoteEnd.from_unresolved(request.unresolved)
        uuid = request.rule.remote_group
        if uuid is None:
            return None
        known = (end for end in self.groups if end.group == uuid)
        return next(known, RemoteEnd("", "", uuid))


def known_ends_of(
    stored: Sequence[RuleRequest],
    groups: Sequence[RemoteEnd] = (),
    others: Sequence[ReferencingRule] = (),
) -> KnownEnds:
    """Return the ends of a group's stored rules, and of `others`: versions and observations."""
    bare = KnownEnds(groups=groups)
    referencing = [
        ReferencingRule(end, key_without_end(request.rule), request.id, is_current=True)
        for request in stored
        if (end := bare.end_of(request)) is not None
    ]
    open_keys = frozenset(key_without_end(each.rule) for each in stored if is_open(each))
    return KnownEnds([*referencing, *others], groups, open_keys)


def resolve_end(
    rule: Rule,
    base: RuleRequest,
    sent: Mapping[str, Any],
    end_keys: EndKeys,
    known: KnownEnds,
) -> RuleRequest:
    """Return the submitted rule with its remote end; raises `RuleProblem`.

    `sent` are the fields of the request. `base` is the stored rule with the submitted id, or an
    empty rule.
    """
    if sent.get("cidr") or sent.get("remote_group"):
        _refuse_contradiction(rule, end_keys, known)
        return RuleRequest(rule, base.id)
    if end_keys:
        end = _described_end(rule, base, end_keys, known)
        if end.group is None:
            return RuleRequest(rule, base.id, end.unresolved)
        return RuleRequest(replace(rule, remote_group=end.group), base.id)
    request = RuleRequest(rule, base.id)
    if request.has_remote_end:
        return request
    return RuleRequest(rule, base.id, base.unresolved)


def end_keys_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that describe a remote end. An empty text is a value; null is not.

    Raises `RuleProblem`.
    """
    sent: dict[str, str] = {}
    for key in END_KEYS:
        value = entry.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise RuleProblem("Not a valid string.", key)
        sent[key] = value
    return sent


def has_contract_end(entry: Mapping[str, Any]) -> bool:
    """Return whether `cidr` or `remote_group` names the end. The contract reads "" as null."""
    values = (entry.get(key) for key in ("cidr", "remote_group"))
    return any(isinstance(value, str) and value.strip() for value in values)


def has_extension_key(entry: Mapping[str, Any]) -> bool:
    """Return whether a key that the contract does not have names the end."""
    return any(entry.get(key) is not None for key in _EXTENSION_KEYS)


def needs_known_ends(entry: Json) -> bool:
    """Return whether the rule can be read only with all remote ends that its group knows."""
    if not isinstance(entry, Mapping):
        return False
    if has_contract_end(entry):
        return has_extension_key(entry)
    return any(entry.get(key) is not None for key in END_KEYS)


def key_without_end(rule: Rule) -> RuleKey:
    """Return Neutron's duplicate key of the rule, without its remote end."""
    return canonical(replace(rule, cidr=None, remote_group=None, remote_address_group=None))


def is_open(request: RuleRequest) -> bool:
    """Return whether a rule admits any address: it has no end, or a prefix of length 0."""
    return request.unresolved is None and canonical(request.rule) == key_without_end(request.rule)


def uuids_and_backend_ids(body: Json) -> tuple[set[str], set[str]]:
    """Return the UUIDs and backend ids of groups in a list of rules, except in `remote_group`."""
    entries = [entry for entry in _entries(body) if isinstance(entry, Mapping)]
    uuids = (_hex(entry.get(REMOTE_GROUP_UUID)) for entry in entries)
    backend_ids = (entry.get(REMOTE_GROUP_BACKEND_ID) for entry in entries)
    return (
        {uuid for uuid in uuids if uuid},
        {text for text in backend_ids if isinstance(text, str) and text and _is_storable(text)},
    )


def _is_storable(text: str) -> bool:
    # PostgreSQL does not accept it, so it is no id. It is refused later as unknown.
    return "\0" not in text and is_unicode(text)


def _entries(body: Json) -> list[Json]:
    return body if isinstance(body, list) else []


def _described_end(rule: Rule, base: RuleRequest, end_keys: EndKeys, known: KnownEnds) -> RemoteEnd:
    matching = known.matching(end_keys)
    first = next(iter(end_keys))
    if base.id is not None:
        own = known.end_of(base)
        if own is None or own.key not in {each.end.key for each in matching}:
            raise RuleProblem(_contradicts_id(rule, base, own), first)
        return own
    ends = {each.end.key: each.end for each in reversed(matching)}
    if len(ends) > 1:
        key = key_without_end(rule)
        equal = [each for each in matching if each.key == key]
        ends = {each.end.key: each.end for each in reversed(equal)} or ends
    if not ends:
        raise RuleProblem(_unknown_end(rule, first, end_keys[first]), first)
    if len(ends) > 1:
        raise RuleProblem(ambiguous_end(first, end_keys[first], list(ends.values())), first)
    return next(iter(ends.values()))


def _refuse_contradiction(rule: Rule, end_keys: EndKeys, known: KnownEnds) -> None:
    """Raise `RuleProblem` if an extension key names another end than `cidr` or `remote_group`."""
    field = "cidr" if rule.cidr else "remote_group"
    group = next((end for end in known.groups if end.group == rule.remote_group), None)
    for key in _EXTENSION_KEYS:
        value = end_keys.get(key)
        if value is None:
            continue
        is_group = key == REMOTE_GROUP_BACKEND_ID and not rule.cidr
        # Responses show an empty id for a group that is not in the cloud yet.
        if is_group and (not value or (group is not None and group.backend_id == value)):
            continue
        raise RuleProblem(
            f"{key} and {field} name two remote ends, but a rule has only one. Send one of them.",
            key,
        )


def any_address(rule: Rule) -> str:
    """Return the key and value that admit any address, as error messages write them."""
    prefix = "0.0.0.0/0" if rule.ethertype == "IPv4" else "::/0"
    return f'"cidr": "{prefix}"'


def _unknown_end(rule: Rule, key: str, value: str) -> str:
    return (
        f'"{printable(value)}" in {key} is not the remote end of any rule that this security group'
        " has or had. Without a remote end, the rule would admit any address. Send the id of the"
        " rule to keep, a remote_group or a cidr. To admit any address on purpose, send"
        f" {any_address(rule)} without {key}."
    )


def _contradicts_id(rule: Rule, base: RuleRequest, own: RemoteEnd | None) -> str:
    has = "no such remote end" if own is None else f"another remote end, {own.label}"
    return (
        f"The rule with id {base.id} has {printable(has)}. Send remote_group or cidr to change it,"
        f" neither to keep it, or {any_address(rule)} to admit any address on purpose."
    )


def ambiguous_end(key: str, value: str, ends: Sequence[RemoteEnd]) -> str:
    """Return the error message for a key that may mean any of these ends."""
    shown = "; ".join(
        f"{printable(end.request_text)} for {printable(end.label)}" for end in ends[:5]
    )
    return (
        f'"{printable(value)}" in {key} may mean {len(ends)} remote ends. Send the id of the rule'
        f" to keep, or one of these: {shown}."
    )


def _hex(value: object) -> str | None:
    if not isinstance(value, str) or not len(value) <= 36:  # noqa: PLR2004 - with dashes
        return None
    try:
        return UUID(value).hex
    except ValueError:
        return None
