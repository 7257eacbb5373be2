"""The parameters of the search are strict: a refusal says what is allowed."""

import json
import time

import pytest

from ringfence.security_groups.rule_search.filters import FILTERS
from ringfence.security_groups.rule_search.queries import RULES

ADDRESS = "an IPv4 or IPv6 address"
PREFIX = "an IPv4 or IPv6 prefix"
REFUSED = [
    *[("admits", value, ADDRESS) for value in ("10.0.0.0/8", "10.1", "web", "010.0.0.1", "::1%lo")],
    *[
        (name, value, PREFIX)
        for name in ("within", "overlaps")
        for value in ("10.0.0.0/33", "10/8", "::/129", "10.0.0.0/255.0.0.0", "10.0.0.0/", "web")
    ],
    *[("protocol", value, "tcp") for value in ("256", "-1", "http", "tcp,udp", "6.0", "٦")],
    *[("port", value, "from 0 to 65535") for value in ("65536", "-1", "ssh", "22-23", "1" * 5000)],
    *[("wider_than", value, "from 1 to 128") for value in ("0", "129", "/8", "8.0")],
    *[("direction", value, "ingress or egress") for value in ("in", "INGRESS", "ingress,egress")],
    *[("ethertype", value, "IPv4 or IPv6") for value in ("4", "ipv4", "IP")],
    *[
        (name, value, "true or false")
        for name in ("from_internet", "unresolved", "in_use")
        for value in ("1", "yes", "")
    ],
    *[
        (name, value, "valid UUID")
        for name in (
            *("remote_group_uuid", "tenant_uuid", "project_uuid", "customer_uuid"),
            "service_settings_uuid",
        )
        for value in ("web", "1234")
    ],
    *[
        (name, value, "3 to 255 characters")
        for name in ("description", "query")
        for value in ("x", "xy", "x" * 256)
    ],
]


pytestmark = pytest.mark.usefixtures("world")


async def test_a_value_that_is_not_understood_is_refused_with_what_is_allowed(client):
    for name, value, allowed in REFUSED:
        head = await client.head(RULES.path, params={name: value})
        response = await client.get(RULES.path, params={name: value})
        assert head.status_code == response.status_code == 400, (name, value)
        assert list(response.json()) == [name]
        hints = json.loads(response.headers.get("Ringfence-Hint", "{}"))
        assert allowed in str(response.json()) + hints.get(name, ""), (name, value)


async def test_a_filter_is_given_once_and_has_a_value(client):
    for name in FILTERS:
        for query in (f"{name}=", f"{name}=%20", f"{name}=%00", f"{name}=a&{name}=b"):
            response = await client.get(f"{RULES.path}?{query}")
            assert (response.status_code, list(response.json())) == (400, [name]), query


async def test_an_unknown_parameter_is_refused(client):
    for name in ("adress", "ports", "is_open", "name", "id", "state"):
        response = await client.get(RULES.path, params={name: "x"})
        assert (response.status_code, list(response.json())) == (400, [name])


async def test_an_unknown_ordering_is_refused_with_the_known_ones(client):
    response = await client.get(RULES.path, params={"o": "name"})
    assert response.status_code == 400
    assert "security_group_name" in response.headers["Ringfence-Hint"]


async def test_a_rule_has_no_path_of_its_own(client):
    for path in (f"{RULES.path}{'a' * 32}/", f"{RULES.path}1/"):
        assert (await client.get(path)).status_code == 404


HOSTILE = (
    *("%" * 255, "_" * 255, "\\" * 255, "a%" * 127, "'; DROP", "\u202etxet", "(" * 200),
    "\u00e9" * 240,
)


async def test_a_hostile_text_is_searched_for_as_it_is(client, world):
    rule = {"ethertype": "IPv4", "direction": "ingress"}
    shown = [f"so {text}!" for text in HOSTILE]
    await world.group("web", rules=[rule | {"description": text} for text in [*shown, "x" * 255]])
    for name in ("query", "description"):
        for text, description in zip(HOSTILE, shown, strict=True):
            began = time.perf_counter()
            response = await client.get(RULES.path, params={name: text})
            assert time.perf_counter() - began < 5
            assert response.status_code == 200, response.text
            assert [each["description"] for each in response.json()] == [description]


async def test_other_operations_ignore_the_everyday_names_of_the_search(client):
    response = await client.get("/api/openstack-security-groups/?port=22&protocol=tcp")
    assert response.status_code == 200
    assert "port" in response.headers["Warning"]
