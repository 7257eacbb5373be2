"""Overviews of groups: state, drift and exposure, without the rules.

The console lists these. The documents of groups have Waldur's fields only.
"""

from typing import LiteralString

from ringfence.access.scope import MANAGEABLE, VISIBLE
from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Choices, Filter, Ordering, StrictFlag, contains
from ringfence.security_groups.cloud_state.never_pushed import IS_NEVER_PUSHED
from ringfence.security_groups.cloud_state.observations import GRADE
from ringfence.security_groups.drift_modes import Drift
from ringfence.security_groups.overviews.ordering import INSTANCES, RULES_COUNT, orders_of
from ringfence.security_groups.queries import NO_SUCH_GROUP, SOURCE
from ringfence.security_groups.read_model.filters import FILTERS, ORDERS
from ringfence.security_groups.traffic_changes import Grade

_DRIFT: LiteralString = """
CASE
    WHEN {never_pushed} THEN 'never_pushed'
    WHEN observed.security_group_id IS NULL THEN 'unknown'
    WHEN observed.missing THEN 'missing'
    WHEN observed.drift_digest <> '' THEN 'drifting'
    ELSE 'in_sync'
END
""".replace("{never_pushed}", IS_NEVER_PUSHED)

# A remote end whose members only the cloud knows
_UNKNOWN: LiteralString = """
rule.direction = 'ingress'
AND (
    rule.unresolved_group_backend_id IS NOT NULL
    OR (
        rule.remote_address_group_backend_id IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM cloud_address_groups AS known
            WHERE
                known.tenant_id = sg.tenant_id
                AND known.backend_id = rule.remote_address_group_backend_id
        )
    )
)
"""

# `port_exposures` keeps a row for each group that opens anything.
_IS_OPEN: LiteralString = """
EXISTS (
    SELECT FROM security_group_openings AS opened WHERE opened.security_group_id = sg.id
)
"""

# The group's own words, or the name of where it is
_NAMED: LiteralString = """
(
    sg.name ILIKE %(query)s
    OR sg.description ILIKE %(query)s
    OR tenant.name ILIKE %(query)s
    OR project.name ILIKE %(query)s
    OR customer.name ILIKE %(query)s
)
"""

# How many ports are open to the internet; every protocol is more than all ports of two.
_OPENNESS: LiteralString = """
coalesce((
    SELECT opened.openness FROM security_group_openings AS opened
    WHERE opened.security_group_id = sg.id
), 0)
"""

_FROM: LiteralString = (
    SOURCE
    + """
INNER JOIN security_group_documents AS stored ON sg.id = stored.security_group_id
LEFT JOIN security_group_observations AS observed ON sg.id = observed.security_group_id
"""
)

_DOCUMENT: LiteralString = (
    """
SELECT row_to_json(overview)::text AS document
FROM (
    SELECT
        %(base)s || '/api/openstack-security-groups/' || hex(sg.uuid) || '/' AS url,
        hex(sg.uuid) AS uuid,
        sg.name,
        sg.description,
        sg.state,
        sg.error_message,
        sg.version,
        sg.applied_version,
        hex(tenant.uuid) AS tenant_uuid,
        tenant.name AS tenant_name,
        hex(project.uuid) AS project_uuid,
        project.name AS project_name,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name,
        hex(cloud.uuid) AS service_settings_uuid,
        cloud.name AS service_name,
        {rules_count} AS rules_count,
        CASE WHEN reading.observed_at IS NOT NULL THEN {instances} END AS instance_count,
        {drift} AS drift,
        {grade} AS drift_grade,
        observed.stateful,
        json_time(observed.observed_at)::json AS observed_at,
        coalesce((
            SELECT opened.openings FROM security_group_openings AS opened
            WHERE opened.security_group_id = sg.id
        ), '[]') AS open_to_all,
        (
            SELECT count(*) FROM security_group_rules AS rule
            WHERE rule.security_group_id = sg.id AND {unknown}
        ) AS unknown_members_count,
        {manageable} AS can_manage,
        json_time(sg.created)::json AS created,
        json_time(sg.modified)::json AS modified
    {from}
    LEFT JOIN tenant_port_observations AS reading ON tenant.id = reading.tenant_id
    WHERE sg.id = page.id
) AS overview
""".replace("{drift}", _DRIFT)
    .replace("{rules_count}", RULES_COUNT)
    .replace("{instances}", INSTANCES)
    .replace("{grade}", GRADE)
    .replace("{unknown}", _UNKNOWN)
    .replace("{manageable}", MANAGEABLE)
    .replace("{from}", _FROM)
)

OVERVIEWS = SqlCollection(
    path="/api/security-group-overviews/",
    missing=NO_SUCH_GROUP,
    source=_FROM,
    alias="sg",
    visible=VISIBLE,
    document=_DOCUMENT,
    filters={
        **FILTERS,
        "query": Filter(_NAMED, contains),
        "drift": Choices(_DRIFT + " = ANY(%(drift)s)", [str(word) for word in Drift]),
        "drift_grade": Choices(GRADE + " = ANY(%(drift_grade)s)", [str(word) for word in Grade]),
        "can_manage": StrictFlag(MANAGEABLE + " = %(can_manage)s"),
        "is_open_to_all": StrictFlag(_IS_OPEN + " = %(is_open_to_all)s"),
    },
    ordering=Ordering(
        {
            **ORDERS.columns,
            **orders_of(_DRIFT, GRADE, _OPENNESS),
        },
        default=ORDERS.default,
    ),
)
