"""Rows against what a cloud says of their groups. Everything here is pure."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from ringfence.neutron.port import CloudGroup, kept_description
from ringfence.security_groups.cloud_state.bindings import Contested
from ringfence.security_groups.cloud_state.refresh import GroupDiff
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, Snapshot
from ringfence.security_groups.rules import DEFAULT_NAME, canonical
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.sync.binding.cloud_view import SAME_CLOCK, CloudView
from ringfence.sync.binding.evidence import namesakes, recognised
from ringfence.sync.observing import Seen, said_of_unreadable, with_hidden_ends
from ringfence.sync.plan import rule_from_cloud


@dataclass(frozen=True, slots=True)
class Comparison:
    """A tenant's rows against the cloud's list."""

    unknown: tuple[CloudGroup, ...]
    # Groups at rest that the cloud has, each with what it said
    seen: tuple[Seen, ...]
    missing: tuple[LocalGroup, ...]
    # Groups that never learnt their backend id, with the group that is theirs by evidence
    recognised: tuple[tuple[LocalGroup, CloudGroup], ...]
    # Groups without backend id, with the groups of their name
    contested: tuple[Contested, ...]
    known: int


def compare(local: LocalGroup, found: CloudGroup) -> GroupDiff:
    """Say what makes the row equal to the cloud's group.

    A rule on both sides stays as it is here, its description too: Neutron cannot change one, so a
    difference is what a user asked for and could not have.
    """
    theirs = {canonical(rule): rule for rule in map(rule_from_cloud, found.rules)}
    unreadable = said_of_unreadable(found)
    ours = {canonical(stored.rule): stored for stored in local.rules}
    is_described_so = found.description == kept_description(local.description)
    return GroupDiff(
        local,
        name=local.name if local.name == DEFAULT_NAME else found.name,
        description=local.description if is_described_so else found.description,
        add=tuple(rule for key, rule in theirs.items() if key not in ours),
        # Any of the rules that cannot be read may be the one that seems to be missing.
        drop=()
        if unreadable
        else tuple(stored for key, stored in ours.items() if key not in theirs),
        unreadable=unreadable,
    )


def as_known(local: LocalGroup, found: CloudGroup) -> CloudGroup:
    """Return the cloud's group with what the cloud hides of the rules that are known here."""
    return with_hidden_ends(found, (stored.rule for stored in local.rules))


def compare_tenant(
    rows: Sequence[LocalGroup],
    listed: Sequence[CloudGroup],
    before: Snapshot,
    view: CloudView = SAME_CLOCK,
) -> Comparison:
    """Hold a list against the rows; groups that moved since `before` are left alone."""
    found = {group.id: group for group in listed}
    found |= {
        row.backend_id: as_known(row, found[row.backend_id])
        for row in rows
        if row.backend_id in found
    }
    still = [row for row in rows if _is_still(row, before)]
    in_the_cloud = [row for row in still if row.backend_id and not _is_marked(row)]
    seen = [
        (_compare_among(row, found[row.backend_id], in_the_cloud, found), found[row.backend_id])
        for row in still
        if row.backend_id in found
    ]
    known = {row.backend_id for row in rows}
    unknown = [group for group in listed if group.id not in known]
    unborn = [row for row in still if not row.backend_id]
    remade = [row for row in still if _is_remade(row, found)]
    return Comparison(
        unknown=tuple(unknown),
        seen=tuple(seen),
        missing=tuple(row for row in in_the_cloud if row.backend_id not in found),
        recognised=tuple(recognised([*unborn, *remade], listed, known, view)),
        contested=tuple(Contested(row, namesakes(row, listed)) for row in unborn),
        known=len(in_the_cloud),
    )


def _is_still(row: LocalGroup, before: Snapshot) -> bool:
    return row.state in {State.OK, State.ERRED} and before.of.get(row.id) == row.moment


def _is_marked(row: LocalGroup) -> bool:
    return row.state is State.ERRED and row.error_message in {NOT_FOUND, DEFAULT_NOT_FOUND}


def _is_remade(row: LocalGroup, found: Container[str]) -> bool:
    """Return whether the row is a `default` group that is gone: Neutron makes it anew."""
    return row.name == DEFAULT_NAME and bool(row.backend_id) and row.backend_id not in found


def _compare_among(
    row: LocalGroup,
    found: CloudGroup,
    rows: Sequence[LocalGroup],
    listed: Container[str],
) -> GroupDiff:
    """Compare, and count the rules that went with the groups that they name."""
    refresh = compare(row, found)
    named = {stored.rule.remote_group for stored in refresh.drop if stored.rule.remote_group}
    if not named:
        return refresh
    gone = {other.backend_id for other in rows if other.backend_id in named} - {""}
    lost = {backend_id for backend_id in gone if backend_id not in listed}
    return replace(refresh, lost=sum(stored.rule.remote_group in lost for stored in refresh.drop))
