"""Judges whether a packet is admitted between two ends. Pure.

Each end that is a port is judged by the union of its groups' rules, under the cloud's driver if it
is known, or else under each of Neutron's drivers: a verdict is definite only if all agree. What is
not known makes a verdict undetermined, unless something known admits the packet.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ringfence.ports.verdicts import neutron_defaults
from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.nearest import Nearest, nearest_rules
from ringfence.ports.verdicts.paths import (
    Path,
    has_types_without_reply,
    paths,
    requested_reply,
    requested_traffic,
)
from ringfence.ports.verdicts.reach import Lens, Reach, Region, Request, reach
from ringfence.ports.verdicts.regions import (
    Outcome,
    TooComplex,
    decide,
    serial,
    together,
    without,
)
from ringfence.ports.verdicts.world import GroupRule, Packet, Port, World
from ringfence.security_groups.driver_protocols import DRIVERS, Driver

T = TypeVar("T")
# More of the rules of a port are not compared with a request.
MAX_REGIONS = 100_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one direction makes of the packet: by which rules, and why."""

    verdict: Outcome
    by: tuple[GroupRule, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    because: tuple[Because, ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a packet is admitted; `None` for a direction that is not judged."""

    verdict: Outcome
    egress: Judgement | None
    ingress: Judgement | None
    # Of stateless groups: whether the reply is admitted, too
    reply: Judgement | None
    because: tuple[Because, ...]
    exact: bool
    # The driver that the verdict is for; `None` if it holds for all of them
    driver: Driver | None


def judge(world: World, packet: Packet, driver: Driver | None = None) -> Verdict:
    """Return whether the packet is admitted. At least one end must be a port of the world."""
    lens = Lens(world, driver or DRIVERS[0])
    first = _judge(lens, packet)
    if driver is not None or not lens.differences:
        return replace(first, driver=driver)
    others = [_judge(Lens(world, other), packet) for other in DRIVERS[1:]]
    return _agreed([first, *others], sorted(lens.differences))


def _judge(lens: Lens, packet: Packet) -> Verdict:
    """Return the verdict under one driver."""
    by_direction: dict[str, list[Judgement]] = {"egress": [], "ingress": [], "reply": []}
    outcomes: list[Outcome] = []
    is_known = True
    for path in paths(lens.world, packet):
        found = {
            "egress": _direction(lens, packet, path, "egress"),
            "ingress": _direction(lens, packet, path, "ingress"),
            "reply": _reply(lens, packet, path),
        }
        judged = {name: each for name, each in found.items() if each is not None}
        outcomes.append(serial([each.verdict for each in judged.values()]))
        for name, each in judged.items():
            by_direction[name].append(each)
        is_known = is_known and path.addresses_known
    if not outcomes:
        because = (Because.NO_COMMON_ETHERTYPE,)
        return Verdict(Outcome.REFUSED, None, None, None, because, exact=True, driver=None)
    directions = [
        _of_known_addresses(_merged(each), is_known=is_known) if each else None
        for each in by_direction.values()
    ]
    outcome = together(outcomes)
    if outcome is Outcome.PARTLY and not is_known:
        outcome = Outcome.UNDETERMINED
    return _verdict(outcome, directions)


def _of_known_addresses(judgement: Judgement, *, is_known: bool) -> Judgement:
    """Return the judgement; which part is admitted says nothing if addresses are not known."""
    if is_known or judgement.verdict is not Outcome.PARTLY:
        return judgement
    because = _unique([*judgement.because, Because.ADDRESSES_NOT_KNOWN])
    return replace(judgement, verdict=Outcome.UNDETERMINED, because=because)


def _verdict(outcome: Outcome, directions: Sequence[Judgement | None]) -> Verdict:
    egress, ingress, reply = directions
    judged = [each for each in directions if each is not None]
    because = [reason for each in judged for reason in each.because]
    if outcome is Outcome.UNDETERMINED and not any(
        each.verdict is Outcome.UNDETERMINED for each in judged
    ):
        because.append(Because.PARTS_MAY_DIFFER)
    exact = all(each.exact for each in judged)
    return Verdict(outcome, egress, ingress, reply, _unique(because), exact, driver=None)


def _direction(lens: Lens, packet: Packet, path: Path, direction: str) -> Judgement | None:
    if direction == "egress":
        port, addresses = path.source, path.destination_addresses
    else:
        port, addresses = path.destination, path.source_addresses
    if port is None:
        return None
    protocols, ports = requested_traffic(packet, path.ethertype)
    request = Request(path.ethertype, direction, protocols, ports, addresses, path.addresses_known)
    return _judge_port(lens, port, request, packet.source_port)


def _reply(lens: Lens, packet: Packet, path: Path) -> Judgement | None:
    """Judge the reply at each end whose groups are stateless."""
    ends = (
        (path.source, "ingress", path.destination_addresses),
        (path.destination, "egress", path.source_addresses),
    )
    requested = requested_reply(packet, path.ethertype)
    if requested is None:
        return None
    judgements: list[Judgement] = []
    for port, direction, addresses in ends:
        if port is not None and _may_be_stateless(lens, port):
            request = Request(
                path.ethertype, direction, *requested, addresses, path.addresses_known
            )
            judgements.append(_judge_reply(lens, packet, port, request))
    if not judgements:
        return None
    return _merged(judgements, serial([each.verdict for each in judgements]))


def _may_be_stateless(lens: Lens, port: Port) -> bool:
    """Return whether a group is stateless, or none of the groups is known."""
    if _is_stateless(lens.world, port):
        # The firewall of Open vSwitch tracks every connection, whatever the group says.
        lens.differs(Because.STATELESS_MAY_BE_IGNORED)
        return lens.driver != "openvswitch"
    groups = [lens.world.groups.get(group) for group in port.groups or ()]
    is_any_known = any(group is not None and group.rules is not None for group in groups)
    return port.groups != () and not is_any_known


def _is_stateless(world: World, port: Port) -> bool:
    groups = (world.groups.get(group) for group in port.groups or ())
    return any(group is not None and group.stateful is False for group in groups)


def _judge_reply(lens: Lens, packet: Packet, port: Port, request: Request) -> Judgement:
    judgement = _judge_port(lens, port, request, packet.port)
    outcome = judgement.verdict
    if outcome is Outcome.REFUSED and has_types_without_reply(packet):
        outcome = Outcome.PARTLY
    stateless = (Because.STATELESS,) if _is_stateless(lens.world, port) else ()
    because = (*stateless, *judgement.because)
    return replace(judgement, verdict=outcome, because=because)


def _judge_port(lens: Lens, port: Port, request: Request, source_port: int | None) -> Judgement:
    """Judge what one port makes of a request."""
    if port.is_trusted:
        return Judgement(Outcome.ADMITTED, because=(Because.NETWORK_PORT,))
    if port.port_security is False:
        return Judgement(Outcome.ADMITTED, because=(Because.PORT_SECURITY_OFF,))
    requested = request.regions
    try:
        never = neutron_defaults.never_admitted(lens, request, source_port)
        if never:
            rest = without(requested, never)
            refused = Judgement(Outcome.REFUSED, because=(Because.NEVER_ADMITTED,))
            if not rest:
                return refused
            judged = _judge_regions(lens, port, request, rest, source_port)
            return _merged([refused, judged]) if rest != requested else judged
        return _judge_regions(lens, port, request, requested, source_port)
    except TooComplex:
        return Judgement(Outcome.UNDETERMINED, because=(Because.TOO_COMPLEX,), exact=False)


def _judge_regions(
    lens: Lens, port: Port, request: Request, requested: list[Region], source_port: int | None
) -> Judgement:
    always, always_in_part = neutron_defaults.always_admitted(lens, request, source_port)
    reaches = [found for found in _reaches(lens, port, request) if found]
    if sum(found.size for found in reaches) > MAX_REGIONS:
        raise TooComplex
    unknown_groups = has_unknown_groups(lens.world, port)
    sure = [*always, *(region for each in reaches for region in each.sure)]
    possible = [region for each in reaches for region in each.possible]
    if unknown_groups:
        possible += requested
    outcome = decide(requested, sure, possible)
    if outcome is Outcome.REFUSED and always_in_part:
        outcome = Outcome.PARTLY
    if outcome is Outcome.PARTLY and not request.addresses_known:
        outcome = Outcome.UNDETERMINED
    judgement = _explained(lens.world, port, request, outcome, reaches)
    if outcome is not Outcome.REFUSED and (always or always_in_part):
        because = (Because.ALWAYS_ADMITTED, *judgement.because)
        return replace(judgement, because=because)
    return judgement


def _reaches(lens: Lens, port: Port, request: Request) -> Iterator[Reach | None]:
    for rule in rules_of(lens.world, port):
        yield reach(lens, port, rule, request)


def rules_of(world: World, port: Port) -> Iterator[GroupRule]:
    """Yield the rules of all groups of a port that are known."""
    for group_id in dict.fromkeys(port.groups or ()):
        group = world.groups.get(group_id)
        if group is not None:
            yield from group.rules or ()


def has_unknown_groups(world: World, port: Port) -> bool:
    """Return whether some rules of the port are not known."""
    if port.groups is None:
        return True
    groups = (world.groups.get(group) for group in port.groups)
    return any(group is None or group.rules is None or not group.rules_complete for group in groups)


def _explained(
    world: World, port: Port, request: Request, outcome: Outcome, reaches: Sequence[Reach]
) -> Judgement:
    """Return the judgement with its rules and reasons."""
    is_ingress = request.direction == "ingress"
    exact = all(each.exact for each in reaches)
    admitting = tuple(each.rule for each in reaches if each.is_sure)
    if outcome is Outcome.REFUSED:
        because = [Because.NO_INGRESS_RULE if is_ingress else Because.NO_EGRESS_RULE]
        if port.groups == ():
            because.append(Because.NO_GROUPS)
        nearest = nearest_rules(world, rules_of(world, port), request)
        return Judgement(outcome, (), nearest, tuple(because), exact)
    if outcome is Outcome.UNDETERMINED:
        because = sorted({reason for each in reaches for reason in each.unknown})
        if has_unknown_groups(world, port):
            because.append(Because.GROUPS_NOT_KNOWN)
        if not request.addresses_known:
            because.append(Because.ADDRESSES_NOT_KNOWN)
        return Judgement(outcome, tuple(each.rule for each in reaches), (), tuple(because), exact)
    rule = Because.INGRESS_RULE if is_ingress else Because.EGRESS_RULE
    return Judgement(outcome, admitting, (), (rule,) if admitting else (), exact)


def _merged(judgements: Sequence[Judgement], outcome: Outcome | None = None) -> Judgement:
    """Return one judgement of several requests, or of several ends with `outcome`."""
    if len(judgements) == 1:
        return judgements[0]
    return Judgement(
        outcome or together([each.verdict for each in judgements]),
        _unique(rule for each in judgements for rule in each.by),
        _unique(rule for each in judgements for rule in each.nearest),
        _unique(reason for each in judgements for reason in each.because),
        all(each.exact for each in judgements),
    )


def _agreed(verdicts: Sequence[Verdict], differences: Sequence[Because]) -> Verdict:
    """Return what all drivers agree in; what they differ in is undetermined."""
    directions = [
        _agreed_direction([getattr(verdict, name) for verdict in verdicts], differences)
        for name in ("egress", "ingress", "reply")
    ]
    found = {verdict.verdict for verdict in verdicts}
    outcome = verdicts[0].verdict if len(found) == 1 else Outcome.UNDETERMINED
    because = [reason for each in directions if each for reason in each.because]
    if len(found) > 1:
        because = [Because.DRIVERS_DIFFER, *differences, *because]
    egress, ingress, reply = directions
    exact = all(verdict.exact for verdict in verdicts)
    return Verdict(outcome, egress, ingress, reply, _unique(because), exact, driver=None)


def _agreed_direction(
    judgements: Sequence[Judgement | None], differences: Sequence[Because]
) -> Judgement | None:
    judged = [each for each in judgements if each is not None]
    if not judged:
        return None
    outcomes = {each.verdict for each in judged}
    if len(judged) < len(judgements):
        # A driver that does not judge the reply admits it.
        outcomes.add(Outcome.ADMITTED)
    merged_all = _merged(judged)
    if len(outcomes) > 1:
        because = _unique([Because.DRIVERS_DIFFER, *differences, *merged_all.because])
        return Judgement(Outcome.UNDETERMINED, merged_all.by, (), because, merged_all.exact)
    in_all = set(judged[0].by).intersection(*(each.by for each in judged[1:]))
    common = tuple(rule for rule in judged[0].by if rule in in_all)
    return Judgement(
        judged[0].verdict,
        common or merged_all.by,
        judged[0].nearest,
        judged[0].because,
        merged_all.exact,
    )


def _unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
