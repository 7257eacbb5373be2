"""What a change costs beyond what it changes: the plan of rendering."""

import re

from ringfence.database.connect import connect_now
from ringfence.security_groups.read_model import documents

RENDER = documents._RENDER.replace("{selection}", documents.GROUPS)  # noqa: SLF001 - its plan is the point


def test_rendering_groups_reads_no_rules_but_theirs(conninfo):
    with connect_now(conninfo) as connection:
        # Of an empty table, every plan is cheap: only what cannot be done otherwise is shown.
        connection.execute("SET enable_seqscan = off")
        connection.execute(f"PREPARE render (bigint[]) AS {RENDER.replace('%(ids)s', '$1')}")
        rows = connection.execute("EXPLAIN EXECUTE render ('{1}')").fetchall()
    plan = "\n".join(row[0] for row in rows)
    reads = re.findall(r"on security_group_rules \w+ .*\n\s+(\w+ Cond: .*)", plan)
    assert len(reads) == 2, plan
    assert any("security_group_id = sg" in condition for condition in reads), plan
    assert any("remote_group_id = ANY" in condition for condition in reads), plan
