"""Requests of the HomePort portal while a user works with groups."""

import httpx
import pytest
from tests.conformance.served import MANY, tenant_uuid

GROUPS = "/api/openstack-security-groups/"
# Some releases request the last three; `end_date` belongs to other resources.
COLUMNS = (
    "uuid",
    "name",
    "description",
    "state",
    "url",
    "marketplace_offering_uuid",
    "service_name",
    "backend_id",
    "rules",
    "resource_type",
    "end_date",
    "instance_count",
)


@pytest.fixture
def portal(site):
    with site.client(Accept="application/json, text/plain, */*") as client:
        yield client


def tenant_address(site, name="portal"):
    return f"{site.address}/api/openstack-tenants/{tenant_uuid(name)}/"


def test_it_starts_and_signs_in(portal, site, count):
    with httpx.Client(base_url=site.address) as anyone:
        core = anyone.get("/api/configuration/").json()["WALDUR_CORE"]
        assert "en" in core["LANGUAGE_CHOICES"].split(",")
        assert core["USER_MANDATORY_FIELDS"] == []
        assert anyone.get("/api/identity-providers/").json() == []
        assert anyone.get("/api/icons/login_logo/").headers["content-type"] == "image/svg+xml"
    roles = [role["name"] for role in portal.get("/api/roles/", params={"page_size": 200}).json()]
    me = portal.get("/api/users/me/").json()
    assert {held["role_name"] for held in me["permissions"]} <= set(roles)
    # It continues with the token of this response.
    again = httpx.get(f"{site.address}/api/users/me/", headers=_token(me["token"]))
    assert again.json()["uuid"] == me["uuid"]
    count(5)


def _token(secret):
    return {"Authorization": f"Token {secret}"}


def test_a_table_is_read_page_by_page(portal, count):
    query = {"tenant_uuid": tenant_uuid("many"), "field": COLUMNS, "o": "name", "query": ""}
    names = []
    for page in range(1, 5):
        response = portal.get(GROUPS, params=query | {"page": page, "page_size": 100})
        assert response.headers["x-result-count"] == str(MANY)
        assert ("next" in response.links) == (page < 4)
        assert set(response.json()[0]) == set(COLUMNS) - {"end_date"}
        names += [group["name"] for group in response.json()]
    assert names == [f"group-{number:03}" for number in range(MANY)]
    found = portal.get(GROUPS, params=query | {"query": "number 77, of"})
    assert [group["name"] for group in found.json()] == ["group-077"]
    count(2)


def test_a_group_is_created_in_its_dialog(portal, site, count):
    body = {"name": "made in the portal", "description": "", "rules": []}
    response = portal.post(f"{tenant_address(site)}create_security_group/", json=body)
    assert response.status_code == 201
    assert site.finished(response.json()["uuid"])["resource_type"] == "OpenStack.SecurityGroup"
    count(1)


def test_an_action_starts_from_the_address_in_a_row(portal, site, count):
    site.create("portal", "for actions")
    query = {"name_exact": "for actions", "field": COLUMNS}
    (row,) = portal.get(GROUPS, params=query).json()
    response = portal.get(row["url"])
    assert (response.status_code, response.json()["state"]) == (200, "OK")
    edited = {"name": "after an action", "description": "edited"}
    assert portal.put(row["url"], json=edited).json() == edited
    site.finished(row["uuid"])
    assert portal.post(f"{row['url']}pull/").status_code == 202
    site.finished(row["uuid"])
    assert portal.delete(row["url"]).status_code == 204
    assert site.gone(row["uuid"])
    count(4)


def test_rules_go_back_whole_with_what_is_read_only(portal, site, count):
    """Sends the rule's id and its remote group's name and UUID too; "any" is "" and -1."""
    remote = site.create("portal", "a remote group")
    rules = [
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "remote_group": remote["url"]},
        {"protocol": "", "from_port": -1, "to_port": -1, "cidr": "0.0.0.0/0"},
    ]
    group = site.create("portal", "for rules", rules)
    query = {"tenant": tenant_address(site), "field": ("name", "url"), "page_size": 200}
    offered = portal.get(GROUPS, params=query).json()
    assert {"name": remote["name"], "url": remote["url"]} in offered

    form = portal.get(group["url"]).json()["rules"]
    assert form[0]["remote_group_name"] == "a remote group"
    added = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"}
    added |= {"from_port": 443, "to_port": 443, "cidr": "", "remote_group": "", "description": ""}
    response = portal.post(f"{group['url']}set_rules/", json=[*form, added])
    assert response.status_code == 200, response.text
    saved = site.finished(group["uuid"])["rules"]
    assert saved[:2] == form
    assert {name: saved[2][name] for name in ("protocol", "from_port", "remote_group")} == {
        "protocol": "tcp",
        "from_port": 443,
        "remote_group": None,
    }

    # The newest release offers protocol numbers.
    numbered = {"protocol": "112", "from_port": -1, "to_port": -1, "cidr": "10.0.0.0/8"}
    assert portal.post(f"{group['url']}set_rules/", json=[numbered]).status_code == 200
    assert site.finished(group["uuid"])["rules"][0]["protocol"] == "112"
    count(3)


def test_the_default_group_is_found_for_an_order_of_a_machine(portal, site, count):
    portal.post(f"{tenant_address(site, 'typescript')}pull_security_groups/")
    query = {"tenant_uuid": tenant_uuid("typescript"), "name": "default", "page_size": 1}
    for _ in range(200):
        found = portal.get(GROUPS, params=query).json()
        if found:
            break
    assert [group["name"] for group in found] == ["default"]
    count(1)


def test_mistakes_come_back_beside_their_rules(portal, site, count):
    group = site.create("portal", "with mistakes")
    rules = [
        {"protocol": "tcp", "from_port": 443, "to_port": 443},
        {"protocol": "tcp", "from_port": 2, "to_port": 1},
    ]
    response = portal.post(f"{group['url']}set_rules/", json=rules)
    assert response.status_code == 400
    good, bad = response.json()
    assert good == {}
    assert list(bad) == ["non_field_errors"] or "from_port" in str(bad)
    count(1)
