"""Verdicts as JSON. Pure."""

from collections.abc import Mapping
from typing import Any

from ringfence.ports.verdicts.nearest import Nearest
from ringfence.ports.verdicts.rows import Named
from ringfence.ports.verdicts.verdict import Judgement, Verdict
from ringfence.ports.verdicts.world import GroupRule

NOT_CONSIDERED = ("routing", "router_firewall", "guest_firewall", "provider_acls")


def verdict_document(
    verdict: Verdict, names: Mapping[str, Named], observed_at: str | None
) -> dict[str, Any]:
    """Return the document of a verdict."""
    return {
        "verdict": verdict.verdict,
        "egress": _judgement(verdict.egress, names),
        "ingress": _judgement(verdict.ingress, names),
        "reply": _judgement(verdict.reply, names),
        "because": list(verdict.because),
        "not_considered": list(NOT_CONSIDERED),
        "driver": verdict.driver,
        "exact": verdict.exact,
        "observed_at": observed_at,
    }


def _judgement(judgement: Judgement | None, names: Mapping[str, Named]) -> dict[str, Any] | None:
    if judgement is None:
        return None
    return {
        "verdict": judgement.verdict,
        "by": [rule_document(rule, names) for rule in judgement.by],
        "nearest": [_nearest(rule, names) for rule in judgement.nearest],
        "because": list(judgement.because),
    }


def _nearest(nearest: Nearest, names: Mapping[str, Named]) -> dict[str, Any]:
    document = rule_document(nearest.rule, names)
    return document | {"respect": nearest.respect, "text": nearest.text}


def rule_document(group_rule: GroupRule, names: Mapping[str, Named]) -> dict[str, Any]:
    """Return a rule with its group; a remote group that is not visible has no name."""
    rule = group_rule.rule
    group = names[group_rule.group]
    remote = names.get(rule.remote_group) if rule.remote_group else None
    return {
        "security_group_uuid": group.uuid,
        "security_group_name": group.name,
        "rule_id": group_rule.id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        "cidr": rule.cidr or None,
        "remote_group_uuid": remote.uuid if remote else None,
        "remote_group_name": remote.name if remote else None,
        "remote_group_backend_id": backend_id_of(rule.remote_group, remote),
        "remote_address_group": rule.remote_address_group,
        "description": rule.description,
    }


def backend_id_of(remote_group: str | None, named: Named | None) -> str | None:
    """Return the ID of a remote group in the cloud, also of one that has no name here.

    Otherwise, a rule whose remote group is not visible would look like one for any address. A
    group that is not in the cloud yet is called by its UUID.
    """
    return None if named is not None and named.uuid == remote_group else remote_group
