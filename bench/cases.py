"""The cases: each is a kind of request, an actor, and the expected status."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import psycopg
from psycopg.rows import scalar_row

from bench.client import request
from bench.dataset import ADMIN, OWNER, STAFF
from bench.floor import PATH

SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """Objects of a data set to request, as hexadecimal UUIDs."""

    groups: list[str]
    tenants: list[str]
    tenant: str
    project: str
    customer: str
    backend_id: str

    @classmethod
    def of(cls, conninfo: str) -> "Sample":
        """Draw a sample from a data set; always the same from the same set."""
        with psycopg.connect(conninfo, row_factory=scalar_row) as connection:

            def column(statement: str) -> list[str]:
                return connection.execute(statement, [SAMPLE]).fetchall()  # type: ignore[arg-type] # constants below

            groups = column(
                "SELECT hex(uuid) FROM security_groups WHERE state = 'OK' AND id IN ("
                " SELECT id FROM security_groups TABLESAMPLE BERNOULLI (100) REPEATABLE (1)"
                ") ORDER BY md5(id::text) LIMIT %s"
            )
            tenants = column("SELECT hex(uuid) FROM tenants ORDER BY md5(id::text) LIMIT %s")
            project = "SELECT project_id FROM tenants ORDER BY md5(id::text) LIMIT 1"
            return cls(
                groups,
                tenants,
                tenants[0],
                column(f"SELECT hex(uuid) FROM projects WHERE id = ({project}) LIMIT %s")[0],  # noqa: S608 - constants
                column("SELECT hex(uuid) FROM customers ORDER BY md5(id::text) LIMIT %s")[0],
                column("SELECT backend_id FROM security_groups WHERE id = 7 LIMIT %s")[0],
            )


Requests = Callable[[Sample], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request; with `writes`, each is sent once and the data are restored."""

    name: str
    requests: Requests
    has_floor: bool = False
    writes: bool = False
    # A filter or ordering whose cost must not grow with the table
    is_bounded: bool = False


def _get(query: str, actor: str = STAFF, method: str = "GET") -> Requests:
    def requests(sample: Sample) -> Iterator[bytes]:
        values = {
            "tenant": sample.tenant,
            "project": sample.project,
            "customer": sample.customer,
            "backend_id": sample.backend_id,
        }
        return itertools.repeat(request(method, PATH + query.format(**values), actor))

    return requests


def _retrieve(sample: Sample) -> Iterator[bytes]:
    return itertools.cycle([request("GET", f"{PATH}{group}/", STAFF) for group in sample.groups])


def _rules(number: int, first_port: int) -> list[dict[str, object]]:
    return [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": f"10.0.{index}.0/24"}
        for index, port in enumerate(range(first_port, first_port + number))
    ]


def _set_rules(sample: Sample) -> Iterator[bytes]:
    body = json.dumps(_rules(20, 2000)).encode()
    return iter(
        [request("POST", f"{PATH}{group}/set_rules/", STAFF, body) for group in sample.groups]
    )


def _create(sample: Sample) -> Iterator[bytes]:
    for number, tenant in zip(range(SAMPLE), itertools.cycle(sample.tenants), strict=False):
        body = {"name": f"new-{number}", "description": "", "rules": _rules(5, 3000)}
        path = f"/api/openstack-tenants/{tenant}/create_security_group/"
        yield request("POST", path, STAFF, json.dumps(body).encode())


def _filter(query: str) -> Case:
    shown = re.sub(r"=\{\w+\}", "", unquote(query))
    return Case(f"filter {shown}", _get(f"?{query}"), is_bounded=True)


READS = (
    Case("list of 10, staff", _get("?page_size=10"), has_floor=True),
    Case("list of 100, staff", _get("?page_size=100"), has_floor=True),
    Case("list of 10, project admin", _get("?page_size=10", ADMIN), has_floor=True),
    Case("list of 100, project admin", _get("?page_size=100", ADMIN), has_floor=True),
    Case("list of 10, customer owner", _get("?page_size=10", OWNER), has_floor=True),
    Case("list of 100, customer owner", _get("?page_size=100", OWNER), has_floor=True),
    Case("HEAD, staff", _get("?page_size=10", method="HEAD"), has_floor=True),
    Case("retrieve, staff", _retrieve, has_floor=True),
    Case("last page of 10, staff", _get("?page_size=10&page=last")),
    Case("three fields of 100, staff", _get("?page_size=100&field=uuid&field=name&field=state")),
    Case("order -created", _get("?o=-created"), is_bounded=True),
    Case("order name", _get("?o=name"), is_bounded=True),
    Case("order state", _get("?o=state"), is_bounded=True),
    Case("order customer_name,-created", _get("?o=customer_name,-created"), is_bounded=True),
    _filter("name=-000002"),
    _filter("name_exact=db-0000001"),
    _filter("query=db-000001"),
    _filter("description=part%20000001"),
    _filter("backend_id={backend_id}"),
    _filter("tenant_uuid={tenant}"),
    _filter("project_uuid={project}"),
    _filter("customer_uuid={customer}"),
    _filter("customer_name=Customer%2000001"),
    _filter("state=ERRED"),
    _filter("state=ERRED&customer_uuid={customer}&query=db"),
    _filter("name=web"),
)

WRITES = (
    Case("set_rules of 20, staff", _set_rules, writes=True),
    Case("create with 5 rules, staff", _create, writes=True),
)
