"""Query plans of lists: `python -m bench.plans`.

Each statement is taken from the service, planned as in its sessions (a generic plan), run twice and
explained. Only the nodes that touch groups are shown.
"""

import argparse
import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql

from bench.cases import PATH, Sample
from bench.client import request
from bench.dataset import ADMIN, OWNER, STAFF, provide
from bench.inside import ask, living
from bench.page import write_sections
from bench.server import DatabaseServer, default_cache, opened
from ringfence.access import identity
from ringfence.app import create_app
from ringfence.database.binary_rows import numbered
from ringfence.database.connect import connect_now
from ringfence.database.pool import Database
from ringfence.settings import Settings

# Title, actor, query; `page=2` is requested as `Link` of the first page names it.
CASES: Sequence[tuple[str, str, str]] = (
    ("the first page", STAFF, ""),
    ("the last page", STAFF, "page=last"),
    ("a page in the middle, jumped to", STAFF, "page={middle}"),
    ("a page that continues the one before it", STAFF, "o=name&page=2"),
    ("order `-name`", STAFF, "o=-name"),
    ("order `state`", STAFF, "o=state"),
    ("order `customer_name,-created`", STAFF, "o=customer_name,-created"),
    ("`tenant_uuid`", STAFF, "tenant_uuid={tenant}"),
    ("`customer_uuid`", STAFF, "customer_uuid={customer}"),
    ("`customer_name`", STAFF, "customer_name=Customer 00001"),
    ("`service_settings_name`, all groups", STAFF, "service_settings_name=bench-cloud"),
    ("`state=ERRED`", STAFF, "state=ERRED"),
    ("`name_exact`", STAFF, "name_exact=db-0000001"),
    ("`backend_id`", STAFF, "backend_id={backend_id}"),
    ("`external_ip`", STAFF, "external_ip=192.0.2.1"),
    ("`name=-000002`", STAFF, "name=-000002"),
    ("`query=db-000001`", STAFF, "query=db-000001"),
    ("`description=part 000001`", STAFF, "description=part 000001"),
    (
        "`state=ERRED&customer_uuid=…&query=db`",
        STAFF,
        "state=ERRED&customer_uuid={customer}&query=db",
    ),
    ("`name=web`, a tenth of all groups", STAFF, "name=web"),
    ("the first page, project admin", ADMIN, ""),
    ("the last page, customer owner", OWNER, "page=last"),
    ("`name=web`, customer owner", OWNER, "name=web"),
)

_GROUPS = ("security_group_documents", "security_groups", "cloud_ports")
_CONDITIONS = ("Presorted Key", "Index Cond", "Filter", "Rows Removed by Index Recheck")
# Longer conditions are cut.
_WIDTH = 110

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """The cost of one statement: 8 kB pages read, milliseconds, and the nodes that touch groups."""

    title: str
    buffers: int
    milliseconds: float
    lines: Sequence[str]

    def markdown(self) -> str:
        head = f"**{self.title}**: {self.buffers:,} buffers, {self.milliseconds:,.1f} ms"
        return "\n".join([head, "", "```text", *self.lines, "```", ""])


async def plans(server: DatabaseServer, database: str, groups: int) -> list[Plan]:
    """Return the plans of all cases on a data set."""
    sample = Sample.of(server.conninfo(database))
    values = {
        "tenant": sample.tenant,
        "customer": sample.customer,
        "backend_id": sample.backend_id,
        "middle": groups // 20,
    }
    sent: list[tuple[LiteralString, Mapping[str, Any]]] = []
    read = identity.read_rows

    async def note(database: Database, statement: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as it was
        sent.append((statement, parameters))
        return await read(database, statement, parameters)

    service = create_app(Settings(database_url=server.url(database)))
    found = []
    identity.read_rows = note
    try:
        async with living(service):
            for title, actor, query in CASES:
                first, is_continued, _ = query.format(**values).partition("&page=2")
                target = f"{PATH}?" + first.replace(" ", "%20")
                headers = await ask(service, request("GET", target, actor))
                if is_continued:
                    await ask(service, request("GET", _next(headers), actor))
                found.append(explained(server.conninfo(database), title, *sent[-1]))
    finally:
        identity.read_rows = read
    return found


def _next(headers: Mapping[bytes, bytes]) -> str:
    """Return path and query of the next page, as `Link` names it."""
    url = re.search(r'<([^>]*)>; rel="next"', headers[b"link"].decode())
    assert url is not None  # noqa: S101 - there are more groups
    return PATH + url[1].partition(PATH)[2]


def explained(
    conninfo: str,
    title: str,
    statement: LiteralString,
    parameters: Mapping[str, Any],
    *,
    tables: Sequence[str] = _GROUPS,
) -> Plan:
    """Return the plan of a statement: the nodes that touch one of the tables."""
    text, names = numbered(statement)
    given = sql.SQL(", ").join([sql.Literal(parameters[name]) for name in names])
    explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE read ({})").format(given)
    with connect_now(conninfo) as connection:
        connection.execute(b"PREPARE read AS " + text, prepare=False)
        connection.execute(explain, prepare=False)
        row = connection.execute(explain, prepare=False).fetchone()
    assert row is not None  # noqa: S101 - EXPLAIN returns a row
    ((made,),) = row
    top = made["Plan"]
    buffers = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Plan(title, buffers, made["Execution Time"], list(_lines(top, tuple(tables))))


def _lines(node: Node, tables: tuple[str, ...]) -> Iterator[str]:
    """Yield the executed nodes that touch groups, outer ones first."""
    if not node["Actual Loops"]:
        return
    kind = node["Node Type"]
    relation = node.get("Relation Name", node.get("Index Name", ""))
    if kind == "Incremental Sort" or relation.startswith(tables):
        rows = f"(rows={node['Actual Rows']:.0f} loops={node['Actual Loops']})"
        yield f"{_name(node)}  {rows}"
        for condition in _CONDITIONS:
            if value := node.get(condition):
                text = ", ".join(value) if isinstance(value, list) else str(value)
                yield f"    {condition}: {text if len(text) <= _WIDTH else text[:_WIDTH] + '…'}"
    for below in node.get("Plans", ()):
        yield from _lines(below, tables)


def _name(node: Node) -> str:
    way = " Backward" if node.get("Scan Direction") == "Backward" else ""
    index, relation = node.get("Index Name"), node.get("Relation Name")
    words = [node["Node Type"] + way]
    if index:
        words.append(f"using {index}" if relation else f"on {index}")
    if relation:
        words.append(f"on {relation} {node['Alias']}")
    return " ".join(words).replace("security_group_documents", "documents")


def main() -> None:
    """Explain and print; write to a page if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.plans", description=__doc__)
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--page", type=Path, help="a page that takes the plans")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    with opened(arguments.cache) as server:
        name = provide(server, arguments.groups, print)
        made = asyncio.run(plans(server, name, arguments.groups))
    shown = "\n".join([plan.markdown() for plan in made])
    print(shown)  # noqa: T201 - what the command is for
    if arguments.page:
        write_sections(arguments.page, {"plans": shown})


if __name__ == "__main__":
    main()
