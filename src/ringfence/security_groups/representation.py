"""The documents of rules in plans, versions and drift."""

from dataclasses import dataclass
from uuid import UUID

from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rule_input.validation import ANY
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.schemas import COLLECTION


@dataclass(frozen=True, slots=True)
class Remote:
    """The group that a rule references; `uuid` is None if it has no row."""

    name: str
    backend_id: str
    uuid: UUID | None = None


def rule_document(rule: Rule, remote: Remote | None, base_url: str) -> ShownRule:
    """Return the document of a rule. A remote end is always shown, never left out as "any"."""
    document: ShownRule = {
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
        document["remote_group_name"] = remote.name
        document["remote_group_backend_id"] = remote.backend_id
    if remote is not None and remote.uuid is not None:
        document["remote_group_uuid"] = remote.uuid.hex
        document["remote_group"] = f"{base_url}/api/{COLLECTION}/{remote.uuid.hex}/"
    if rule.remote_address_group is not None:
        document["remote_address_group_backend_id"] = rule.remote_address_group
    return document


def request_document(request: RuleRequest, remote: Remote | None, base_url: str) -> ShownRule:
    """Return the document of a stored rule; `remote` is the group that it references, if any."""
    end = request.unresolved
    if end is not None and end.group_backend_id is not None:
        remote = Remote(end.group_name or "", end.group_backend_id)
    document = rule_document(request.rule, remote, base_url)
    if end is not None and end.address_group_backend_id is not None:
        document["remote_address_group_backend_id"] = end.address_group_backend_id
    return document
