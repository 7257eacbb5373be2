"""The document of a plan: what setting groups would change, port by port."""

from collections.abc import Sequence
from typing import Any

from ringfence.ports.commands import GroupsPlan, refusal_of
from ringfence.ports.group_changes import PortChange
from ringfence.ports.port_traffic import traffic_of
from ringfence.ports.queries import PORTS
from ringfence.security_groups.carriers import change_document


def plan_document(plan: GroupsPlan, base: str) -> dict[str, Any]:
    """Return the document; `base` is the URL of the service."""

    def shown(groups: Sequence[str]) -> list[dict[str, Any]]:
        found = [plan.known[group] for group in groups if group in plan.known]
        return [
            {
                "uuid": group.uuid.hex,
                "name": group.name,
                "url": f"{base}/api/openstack-security-groups/{group.uuid.hex}/",
            }
            for group in sorted(found, key=lambda group: (group.name, group.uuid))
        ]

    # Ports of one instance often have the same groups.
    compared: dict[tuple[Sequence[str], ...], dict[str, Any]] = {}

    def traffic(change: PortChange) -> dict[str, Any]:
        port, key = change.port, (tuple(change.observed), tuple(change.desired))
        if key not in compared:
            names = plan.rules.names
            compared[key] = change_document(traffic_of(change, plan.rules), names)
        return compared[key] | {
            "instances": int(port.device_owner.startswith("compute:")),
            "floating_ips": len(port.floating_addresses),
        }

    def port_change(change: PortChange) -> dict[str, Any]:
        port = change.port
        return {
            "uuid": port.uuid.hex,
            "url": f"{base}{PORTS.path}{port.uuid.hex}/",
            "name": port.name,
            "backend_id": port.backend_id,
            "added": shown(change.added),
            "removed": shown(change.removed),
            "unchanged": shown([group for group in change.desired if group in change.observed]),
            "kept_security_group_ids": list(change.kept),
            "traffic": traffic(change),
        }

    return {
        "ports": [port_change(change) for change in plan.changes],
        "skipped": [
            {
                "uuid": port.uuid.hex,
                "url": f"{base}{PORTS.path}{port.uuid.hex}/",
                "name": port.name,
                "backend_id": port.backend_id,
                "reason": str(refusal_of(port)),
            }
            for port in plan.skipped
        ],
        "calls": sum(bool(change.added or change.removed) for change in plan.changes),
    }
