"""What opens and closes between two versions."""

from collections.abc import Iterable

from ringfence.security_groups.carriers import Names
from ringfence.security_groups.history.queries import Version, VersionRule, difference
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.rule_requests import with_remote_end
from ringfence.security_groups.traffic_changes import TrafficChange, compare


def compare_traffic(after: Version, before: Version) -> TrafficChange:
    """Return what opens and closes between two versions; indexes are those of added rules."""
    added = difference(after, before).added
    # The rules of both come last, so that the others have the indexes of a response.
    new = {id(rule) for rule in added}
    both = [rule for rule in after.rules if id(rule) not in new]
    return compare(
        [with_remote_end(rule.request) for rule in before.rules],
        [with_remote_end(rule.request) for rule in (*added, *both)],
    )


def names_of(rules: Iterable[VersionRule]) -> Names:
    """Return how the rules of versions name groups."""
    remotes: dict[str, Remote] = {}
    for rule in rules:
        key, end = with_remote_end(rule.request).remote_group, rule.request.unresolved
        if key is not None:
            gone = Remote(end.group_name or "", end.group_backend_id or "") if end else None
            remotes[key] = rule.remote or gone or Remote(key, "")
    return Names(remote=remotes.get)
