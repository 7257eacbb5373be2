"""What overviews can be ordered by, beyond the columns of the list of groups, as they show it.

These values are not stored: each is read by the group's own rows of an index, for the groups in
scope. `EXPLAIN` of them is in tests/contract/test_overview_orders.py.
"""

from collections.abc import Mapping
from typing import LiteralString

RULES_COUNT: LiteralString = """
(SELECT count(*) FROM security_group_rules AS rule WHERE rule.security_group_id = sg.id)
"""

# Where the tenant's ports were read: a group without a row is on no instance.
INSTANCES: LiteralString = """
coalesce((
    SELECT counted.instances FROM security_group_instances AS counted
    WHERE counted.security_group_id = sg.id
), 0)
"""

# Unknown counts are below 0.
_INSTANCE_COUNT: LiteralString = """
CASE WHEN EXISTS (
    SELECT FROM tenant_port_observations AS reading WHERE reading.tenant_id = tenant.id
) THEN {instances} ELSE -1 END
""".replace("{instances}", INSTANCES)

# From what is as desired to what admits more than desired
_DRIFT_SEVERITY: LiteralString = """
CASE {drift}
    WHEN 'in_sync' THEN 0
    WHEN 'unknown' THEN 1
    WHEN 'never_pushed' THEN 2
    WHEN 'missing' THEN 4
    ELSE CASE {grade} WHEN 'opens' THEN 5 ELSE 3 END
END
"""


def orders_of(
    drift: LiteralString, grade: LiteralString, openness: LiteralString
) -> Mapping[str, LiteralString]:
    """Return the columns by field; a higher `openness` admits more of the internet."""
    severity = _DRIFT_SEVERITY.replace("{drift}", drift).replace("{grade}", grade)
    return {
        "tenant_name": "tenant.name",
        "modified": "sg.modified",
        "rules_count": RULES_COUNT,
        "instance_count": _INSTANCE_COUNT,
        "open_to_all": openness,
        "drift": severity,
    }
