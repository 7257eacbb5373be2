"""The cost of a change beyond what it changes: the plan of a refresh of documents."""

import re

from ringfence.database.connect import connect_now

BODY = "SELECT prosrc FROM pg_proc WHERE proname = 'refresh_security_group_documents'"


def test_a_refresh_of_documents_reads_no_rules_of_other_groups(conninfo):
    with connect_now(conninfo) as connection:
        # On an empty table every plan is cheap: leave only those that use indexes.
        connection.execute("SET enable_seqscan = off")
        (body,) = connection.execute(BODY).fetchone()
        statement = re.search(r"INSERT.*(?=;\s+END)", body, re.DOTALL)[0]
        connection.execute(f"PREPARE refresh (bigint[]) AS {statement}")
        rows = connection.execute("EXPLAIN EXECUTE refresh ('{1}')").fetchall()
    plan = "\n".join(row[0] for row in rows)
    reads = re.findall(r"on security_group_rules \w+ .*\n\s+(\w+ Cond: .*)", plan)
    assert len(reads) == 1, plan
    assert "security_group_id = sg" in reads[0], plan
