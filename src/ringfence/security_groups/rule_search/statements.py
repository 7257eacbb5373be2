"""Build the statements that list and count rules.

Up to 10,001 matches are found by an index (`sources`), counted and sorted. If there are more, the
count is "at least 10,000", and the page is read in its order until it is full: such matches are not
rare. A list that is limited to tenants reads their groups if they have few, or if the index has too
many matches elsewhere; otherwise it keeps the matches in these tenants.
"""

from typing import LiteralString

from ringfence.access.scope import VISIBLE
from ringfence.http.collections.pagination import Page
from ringfence.security_groups.read_model.ancestors import Ancestors
from ringfence.security_groups.read_model.ordering import Order
from ringfence.security_groups.rule_search.conditions import conditions_of, members_of
from ringfence.security_groups.rule_search.document import DOCUMENT
from ringfence.security_groups.rule_search.filters import ANCESTORS, GROUP_NAME
from ringfence.security_groups.rule_search.search import Search
from ringfence.security_groups.rule_search.sources import (
    LIMIT,
    ROWS,
    everywhere,
    of_groups,
    source_of,
)

MOST_COUNTED = 10_000
# Up to this many groups are read one by one.
_FEW: LiteralString = "2000"

_TENANTS: LiteralString = """
SELECT tenant.id
FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
WHERE
"""
_IDS: LiteralString = "(SELECT ancestors.ids FROM ancestors)"
_GROUPS: LiteralString = (
    "SELECT held_group.id FROM unnest(" + _IDS + "::bigint[]) AS ancestor (id)"
    " CROSS JOIN LATERAL (SELECT sg.id FROM security_groups AS sg"
    " WHERE sg.tenant_id = ancestor.id OFFSET 0) AS held_group"
)
_IN_TENANTS: LiteralString = (
    "(SELECT sg.tenant_id FROM security_groups AS sg WHERE sg.id = candidates.security_group_id)"
    " IN (SELECT unnest(ancestors.ids) FROM ancestors)"
)
_GROUP: LiteralString = (
    " CROSS JOIN LATERAL (SELECT sg.name FROM security_groups AS sg"
    " WHERE sg.id = rule.security_group_id OFFSET 0) AS sg"
)
_IS_FEW: LiteralString = "(SELECT held.total <= " + _FEW + " FROM held)"
_IS_SPARSE: LiteralString = "(SELECT probed.is_sparse FROM probed)"
_IS_EXACT: LiteralString = "(SELECT counted.total < " + LIMIT + " FROM counted)"
_LAST_OFFSET: LiteralString = (
    "(SELECT greatest(least(counted.total, " + LIMIT + " - 1) - 1, 0) / %(size)s * %(size)s"
    " FROM counted)"
)
# Groups in the order of their names; equal names are sorted later by the rest of the ordering.
_NAMED_GROUPS: LiteralString = (
    "(SELECT stored.security_group_id AS id, stored.name FROM security_group_documents AS stored"
    "{bound} ORDER BY stored.name{way} OFFSET 0) AS sg"
)

_FIND: LiteralString = """
WITH {tables}
SELECT counted.total, page.document, NULL::bigint AS digest, {position}
FROM counted
LEFT JOIN (
    SELECT chosen.*, shown.document
    FROM ({page}) AS chosen
    CROSS JOIN LATERAL ({document}) AS shown
) AS page ON true
"""


class Statements:
    """The statements for one search, in one ordering, for one kind of actor."""

    def __init__(self, search: Search, order: Order, *, sees_everything: bool) -> None:
        self._search = search
        self._order = order
        self._sees_everything = sees_everything
        self._is_limited = not sees_everything or not ANCESTORS.keys().isdisjoint(search.given)
        self._is_by_name = any(column == GROUP_NAME for column, _ in order.terms)

    def count(self) -> LiteralString:
        """Return the statement that counts, up to one more than `MOST_COUNTED`."""
        return "WITH " + ", ".join(self._tables()) + " SELECT counted.total FROM counted"

    def page(self, page: Page, *, continued: bool) -> LiteralString:
        """Return the statement for a page; after a cursor, one row more."""
        return (
            _FIND.replace("{tables}", ", ".join(self._tables()))
            .replace("{position}", self._order.position)
            .replace("{page}", self._page(page, continued=continued))
            .replace("{document}", DOCUMENT)
        )

    def _tables(self) -> list[LiteralString]:
        tables: list[LiteralString] = []
        if not self._sees_everything and self._search.admits:
            tables.append(_materialized("visible", _TENANTS + VISIBLE))
        tables += members_of(self._search, sees_everything=self._sees_everything)
        source = source_of(self._search)
        if not self._is_limited:
            found = source or everywhere(self._search)
            return [*tables, *self._matching(found)]
        ancestors: list[LiteralString] = [] if self._sees_everything else [VISIBLE]
        ancestors += [ANCESTORS[name] for name in ANCESTORS if name in self._search.given]
        ids: LiteralString = "ARRAY(" + _TENANTS + " AND ".join(ancestors) + ")"
        tables.append(_materialized("ancestors", "SELECT " + ids + " AS ids"))
        in_groups = of_groups(_GROUPS, self._search)
        if source is None:
            return [*tables, *self._matching(in_groups)]
        held = Ancestors("tenant", ids, is_one=False, are_few=False).count
        candidates = (
            "SELECT source.* FROM (" + source + ") AS source WHERE NOT " + _IS_FEW
            + " LIMIT " + LIMIT
        )  # fmt: skip
        probed: LiteralString = (
            "SELECT NOT " + _IS_FEW + " AND count(*) < " + LIMIT + " AS is_sparse FROM candidates"
        )
        found = (
            "SELECT candidates.* FROM candidates WHERE " + _IS_SPARSE + " AND " + _IN_TENANTS
            + " UNION ALL SELECT each.* FROM (" + in_groups + ") AS each WHERE NOT " + _IS_SPARSE
        )  # fmt: skip
        return [
            *tables,
            _materialized("held", "SELECT " + held + " AS total"),
            _materialized("candidates", candidates),
            _materialized("probed", probed),
            *self._matching(found),
        ]

    def _matching(self, found: LiteralString) -> list[LiteralString]:
        matching = (
            "SELECT " + self._order.keys + ", rule.id FROM (" + found + ") AS rule"
            + (_GROUP if self._is_by_name else "") + " LIMIT " + LIMIT
        )  # fmt: skip
        return [
            _materialized("matching", matching),
            "counted AS MATERIALIZED (SELECT count(*) AS total FROM matching)",
        ]

    def _page(self, page: Page, *, continued: bool) -> LiteralString:
        order = self._order
        size: LiteralString = " LIMIT %(size)s"
        if continued:
            size = " LIMIT %(size)s::bigint + 1"
        else:
            size += " OFFSET " + ("%(offset)s::bigint" if page.offset is not None else _LAST_OFFSET)
        sorted_here = (
            "SELECT matching.* FROM matching WHERE " + _IS_EXACT
            + (" AND " + order.rows_after if continued else "")
            + " ORDER BY " + order.over_rows + size
        )  # fmt: skip
        many = (
            "SELECT " + order.keys + ", rule.id FROM " + self._ordered(continued=continued)
            + (" WHERE " + order.after if continued else "")
            + " ORDER BY " + order.forward + size
        )  # fmt: skip
        return (
            "SELECT few.* FROM (" + sorted_here + ") AS few UNION ALL SELECT many.* FROM ("
            + many + ") AS many WHERE NOT " + _IS_EXACT
        )  # fmt: skip

    def _ordered(self, *, continued: bool) -> LiteralString:
        """Return the tables from which many matches are read in order."""
        group = _GROUP if self._is_by_name else ""
        if self._is_limited:
            return "(" + of_groups(_GROUPS, self._search) + ") AS rule" + group
        if not self._order.is_default and self._order.terms[0][0] == GROUP_NAME:
            return self._by_name(continued=continued)
        return "(" + everywhere(self._search) + ") AS rule" + group

    def _by_name(self, *, continued: bool) -> LiteralString:
        descending = self._order.terms[0][1]
        bound: LiteralString = " WHERE stored.name" + (" <= " if descending else " >= ")
        groups = _NAMED_GROUPS.replace("{way}", " DESC" if descending else "").replace(
            "{bound}", bound + "(%(after)s::jsonb ->> 0)" if continued else ""
        )
        return (
            groups + " CROSS JOIN LATERAL (" + ROWS + "rule.security_group_id = sg.id AND "
            + conditions_of(self._search) + " OFFSET 0) AS rule"
        )  # fmt: skip


def _materialized(name: LiteralString, statement: LiteralString) -> LiteralString:
    return name + " AS MATERIALIZED (" + statement + ")"
