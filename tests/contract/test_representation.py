"""Every field of a document, with its type."""

import json
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at, tenant_at, to_group
from tests.factories.world import set_marketplace

BASE = "http://api.example.com"
HEX = re.compile(r"[0-9a-f]{32}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")


def uuid(value):
    return isinstance(value, str) and HEX.fullmatch(value)


def uri(value):
    return isinstance(value, str) and value.startswith(f"{BASE}/api/") and value.endswith("/")


def time(value):
    return isinstance(value, str) and TIME.fullmatch(value)


def text(value):
    return isinstance(value, str)


def null(value):
    return value is None


def rules(value):
    return isinstance(value, list)


FIELDS = {
    "url": uri,
    "uuid": uuid,
    "name": text,
    "description": text,
    "service_name": text,
    "service_settings": uri,
    "service_settings_uuid": uuid,
    "service_settings_state": text,
    "service_settings_error_message": text,
    "project": uri,
    "project_name": text,
    "project_uuid": uuid,
    "customer": uri,
    # Missing in the observed Waldur; documented.
    "customer_uuid": uuid,
    "customer_name": text,
    "customer_native_name": text,
    "customer_abbreviation": text,
    "error_message": text,
    "error_traceback": text,
    "resource_type": text,
    "state": text,
    "created": time,
    "modified": time,
    "backend_id": text,
    "access_url": null,
    "tenant": uri,
    "tenant_name": text,
    "tenant_uuid": uuid,
    "rules": rules,
    # As marketplace_offering_type: not documented, read by clients from 8.1.3 on.
    "instance_count": null,
    "marketplace_offering_uuid": null,
    "marketplace_offering_name": null,
    # Not documented; clients from 8.0.6 on read it, older ones accept unknown keys.
    "marketplace_offering_type": null,
    "marketplace_offering_plugin_options": null,
    "marketplace_category_uuid": null,
    "marketplace_category_name": null,
    "marketplace_resource_uuid": null,
    "marketplace_plan_uuid": null,
    "marketplace_resource_state": null,
    "is_usage_based": null,
    "is_limit_based": null,
}

# Fields of groups and rules that Waldur's published page does not have
ADDED_FIELDS = {"instance_count", "marketplace_offering_type"}

RULE_KEYS = [
    *("ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "description"),
    *("id", "remote_group"),
]
REMOTE_KEYS = [*RULE_KEYS[:7], "remote_group_name", "remote_group_uuid", *RULE_KEYS[7:]]


async def fetch(client, group):
    response = await client.get(group_at(group))
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_group_has_every_field_of_the_contract_with_its_type_and_in_its_order(
    client, world
):
    shown = await fetch(client, await world.group())
    assert list(shown) == list(FIELDS)
    assert [name for name, is_right in FIELDS.items() if not is_right(shown[name])] == []


async def test_the_values_are_those_of_the_rows(client, world):
    created = datetime(2025, 8, 26, 16, 52, 25, 767170, UTC)
    group = await world.group(
        "wéb", description="a “quoted” \\ line\n", backend_id="ABC-def", created=created
    )
    shown = await fetch(client, group)
    cloud = await world.value("SELECT uuid FROM clouds")
    expected = {
        "url": f"{BASE}{group_at(group)}",
        "uuid": group.hex,
        "name": "wéb",
        "description": "a “quoted” \\ line\n",
        "service_name": "east",
        "service_settings": f"{BASE}/api/service-settings/{cloud.hex}/",
        "service_settings_uuid": cloud.hex,
        "service_settings_state": "OK",
        "project": f"{BASE}/api/projects/{world.project_uuid.hex}/",
        "project_name": "Web",
        "project_uuid": world.project_uuid.hex,
        "customer": f"{BASE}/api/customers/{world.customer_uuid.hex}/",
        "customer_uuid": world.customer_uuid.hex,
        "customer_name": "Acme",
        "customer_native_name": "Ακμή",
        "customer_abbreviation": "ACME",
        "resource_type": "OpenStack.SecurityGroup",
        "state": "OK",
        "created": "2025-08-26T16:52:25.767170+00:00",
        "backend_id": "ABC-def",
        "tenant": f"{BASE}{tenant_at(world.tenant_uuid)}",
        "tenant_name": "web-prod",
        "tenant_uuid": world.tenant_uuid.hex,
        "rules": [],
    }
    assert {name: shown[name] for name in expected} == expected


async def test_a_time_shows_microseconds_unless_they_are_zero(client, world):
    # The observed Waldur wrote `Z`; newer, recorded ones write `+00:00`.
    group = await world.group(created=datetime(2025, 8, 26, 16, 52, 25, 0, UTC))
    assert (await fetch(client, group))["created"] == "2025-08-26T16:52:25+00:00"


@pytest.mark.parametrize("form", ["{0.hex}", "{0}", "{0.hex!s:>032}", "{{{0}}}", "urn:uuid:{0}"])
@pytest.mark.parametrize("upper", [False, True])
async def test_a_uuid_is_taken_in_every_form_and_given_as_hex(client, world, form, upper):
    group = await world.group()
    text_of_uuid = form.format(group)
    if upper:
        text_of_uuid = text_of_uuid.upper().replace("URN:UUID:", "urn:uuid:")
    response = await client.get(f"{GROUPS}{text_of_uuid}/")
    assert response.status_code == 200
    assert response.json()["uuid"] == group.hex


STATES = [
    *("CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"),
    *("DELETION_SCHEDULED", "DELETING", "OK", "ERRED"),
]


async def test_states_are_the_newer_upper_case_words(client, world):
    # The observed Waldur returned labels, `Creation Scheduled`, which clients reject.
    for state in STATES:
        group = await world.group(state, state=state)
        assert (await fetch(client, group))["state"] == state


async def test_the_tenants_marketplace_reference_is_shown_where_one_is_loaded(client, world):
    # Waldur returns null for these.
    group = await world.group()
    uuids = {name: uuid4() for name in ("offering", "category", "resource", "plan")}
    await set_marketplace(
        world,
        offering_uuid=uuids["offering"],
        offering_name="Cloud",
        offering_type="OpenStack.Tenant",
        offering_plugin_options={"a": [1, None]},
        category_uuid=uuids["category"],
        category_name="VPC",
        resource_uuid=uuids["resource"],
        resource_state="OK",
        plan_uuid=uuids["plan"],
        is_usage_based=False,
        is_limit_based=True,
    )
    shown = await fetch(client, group)
    assert {name: shown[name] for name in shown if name.startswith(("marketplace", "is_"))} == {
        "marketplace_offering_uuid": uuids["offering"].hex,
        "marketplace_offering_name": "Cloud",
        "marketplace_offering_type": "OpenStack.Tenant",
        "marketplace_offering_plugin_options": {"a": [1, None]},
        "marketplace_category_uuid": uuids["category"].hex,
        "marketplace_category_name": "VPC",
        "marketplace_resource_uuid": uuids["resource"].hex,
        "marketplace_plan_uuid": uuids["plan"].hex,
        "marketplace_resource_state": "OK",
        "is_usage_based": False,
        "is_limit_based": True,
    }


async def test_a_rule_has_its_keys_in_waldurs_order_and_no_remote_name_without_a_remote_group(
    client, world
):
    group, remote = await world.group(), await world.group("db")
    response = await client.post(
        group_at(group, "set_rules/"), json=[a_rule(description="ssh"), to_group(remote)]
    )
    assert response.status_code == 200
    plain, named = (await fetch(client, group))["rules"]
    assert list(plain) == RULE_KEYS
    assert type(plain.pop("id")) is int
    assert plain == {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr": "10.0.0.0/8",
        "description": "ssh",
        "remote_group": None,
    }
    assert list(named) == REMOTE_KEYS
    assert named["cidr"] is None
    assert named["remote_group_name"] == "db"
    assert named["remote_group_uuid"] == remote.hex
    assert named["remote_group"] == f"{BASE}{group_at(remote)}"


async def test_a_port_that_stands_for_any_is_shown_as_minus_one(client, world):
    group = await world.group(
        rules=[{"ethertype": "IPv4", "direction": "ingress", "protocol": "icmp", "from_port": 8}]
    )
    (rule,) = (await fetch(client, group))["rules"]
    assert (rule["from_port"], rule["to_port"], rule["cidr"]) == (8, -1, None)


async def test_only_staff_reads_the_traceback_of_an_error(api, world):
    group = await world.group(state="ERRED", error_message="no", error_traceback="File …")
    for user in ("staff", "support", "owner", "admin", "member"):
        client = api(user)
        expected = "File …" if user == "staff" else ""
        shown = await fetch(client, group)
        assert (shown["error_message"], shown["error_traceback"]) == ("no", expected)
        assert (await client.get(GROUPS)).json() == [shown]
        field = await client.get(GROUPS, params={"field": "error_traceback"})
        assert field.json() == [{"error_traceback": expected}]


@pytest.mark.parametrize(
    ("requested", "returned"),
    [
        (["name"], ["name"]),
        (["state", "name"], ["name", "state"]),
        (["name", "name"], ["name"]),
        (["name", "end_date"], ["name"]),
        (["end_date"], list(FIELDS)),
        ([""], list(FIELDS)),
        (["", "rules"], ["rules"]),
        (["name,state"], list(FIELDS)),
        (["name\x00"], list(FIELDS)),
    ],
)
async def test_field_chooses_known_fields_and_nothing_known_means_all(
    client, world, requested, returned
):
    group = await world.group()
    one = await client.get(group_at(group), params={"field": requested})
    many = await client.get(GROUPS, params={"field": requested})
    assert list(one.json()) == returned
    assert [list(shown) for shown in many.json()] == [returned]


@pytest.mark.usefixtures("world")
async def test_field_of_an_empty_list_is_an_empty_list(client):
    assert (await client.get(GROUPS, params={"field": "name"})).json() == []


async def test_a_field_is_chosen_without_a_change_to_its_value(client, world):
    group = await world.group("é", description='"\\\u2028')
    whole = await client.get(group_at(group))
    chosen = await client.get(group_at(group), params={"field": ["name", "description", "url"]})
    assert chosen.json() == {name: whole.json()[name] for name in ("url", "name", "description")}


async def test_urls_follow_the_requested_host(client, world):
    group = await world.group()
    response = await client.get(group_at(group), headers={"Host": "other.example:8080"})
    assert response.json()["url"] == f"http://other.example:8080{group_at(group)}"


async def test_text_that_looks_like_a_url_placeholder_stays_text(client, world):
    group = await world.group("a\x01b", description="\x01/api/")
    shown = json.loads((await client.get(group_at(group))).content)
    assert (shown["name"], shown["description"]) == ("a\x01b", "\x01/api/")
