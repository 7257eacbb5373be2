"""Rules as plans, versions and differences show them: in the contract's words, with both ends."""

from dataclasses import dataclass
from uuid import UUID

from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.schemas import COLLECTION
from ringfence.security_groups.validation import ANY


@dataclass(frozen=True, slots=True)
class Remote:
    """The group that a rule names; `uuid` is None for one that is not known here."""

    name: str
    backend_id: str
    uuid: UUID | None = None


def shown_rule(rule: Rule, remote: Remote | None, base: str) -> ShownRule:
    """Show a rule; its `remote_group` and address group are said whole, never left out as "any"."""
    shown: ShownRule = {
        "ethertype": rule.ethertype,
        "direction": rule.direction,
        "protocol": rule.protocol,
        # Waldur writes any port as -1.
        "from_port": ANY if rule.from_port is None else rule.from_port,
        "to_port": ANY if rule.to_port is None else rule.to_port,
        "cidr": rule.cidr,
        "description": rule.description,
        "remote_group": None,
    }
    if remote is not None:
        shown["remote_group_name"] = remote.name
        shown["remote_group_backend_id"] = remote.backend_id
    if remote is not None and remote.uuid is not None:
        shown["remote_group_uuid"] = remote.uuid.hex
        shown["remote_group"] = f"{base}/api/{COLLECTION}/{remote.uuid.hex}/"
    if rule.remote_address_group is not None:
        shown["remote_address_group_backend_id"] = rule.remote_address_group
    return shown


def shown_request(request: RuleRequest, remote: Remote | None, base: str) -> ShownRule:
    """Show a rule of the rows; `remote` is the known group that it names, if it names one."""
    end = request.unresolved
    if end is not None and end.group_backend_id is not None:
        remote = Remote(end.group_name or "", end.group_backend_id)
    shown = shown_rule(request.rule, remote, base)
    if end is not None and end.address_group_backend_id is not None:
        shown["remote_address_group_backend_id"] = end.address_group_backend_id
    return shown
