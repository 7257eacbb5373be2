"""From a Waldur site to the API and the cloud: real PostgreSQL, real Neutron."""

from uuid import UUID

import httpx
import pytest
from tests.discovery.waldur_site import from_group, rule

from ringfence.app import create_app
from ringfence.discovery.provisioning_file import write_documents
from ringfence.discovery.waldur.existing import read_existing
from ringfence.discovery.waldur.site import Summary, read_site
from ringfence.provisioning.resumable import load_resumable
from ringfence.settings import Settings
from ringfence.sync.drivers import Clouds
from ringfence.sync.pull import pull_tenant
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms

GROUPS = "/api/openstack-security-groups/"
TCP = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"}


def neutron_group(lab, project, name, *rules):
    """Create a group in Neutron with these rules only; return its id."""
    values = {"name": name, "project_id": project}
    group = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    group = group["security_group"]
    for each in group["security_group_rules"]:
        lab.neutron("DELETE", f"/v2.0/security-group-rules/{each['id']}")
    for each in rules:
        values = TCP | each | {"security_group_id": group["id"], "project_id": project}
        lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": values})
    return group["id"]


def ports(port, **values):
    return values | {"port_range_min": port, "port_range_max": port}


def fill(site, lab, project) -> dict[str, dict]:
    """Give the site a tenant whose groups exist in Neutron; return the groups by name."""
    db_id = neutron_group(lab, project, "db")
    web_id = neutron_group(
        lab,
        project,
        "=web",
        ports(443, remote_ip_prefix="0.0.0.0/0"),
        ports(5432, remote_group_id=db_id),
    )
    customer = site.add_customer("Acme <b>")
    web = site.add_project(customer, "Web';--")
    alice = site.add_user("alice")
    site.add_role(web, alice, "PROJECT.ADMIN")
    site.add_role(customer, alice, "CUSTOMER.READER")
    tenant = site.add_tenant(web, "web-prod", project)
    site.add_tenant(web, "not-created", None, state="CREATING")
    db = site.add_group(tenant, "db", backend_id=db_id)
    rules = [rule(), from_group(db, from_port=5432, to_port=5432)]
    return {"db": db, "=web": site.add_group(tenant, "=web", *rules, backend_id=web_id)}


@pytest.fixture
def groups(site, lab, openstack_project, tmp_path, monkeypatch):
    """The groups of a site whose cloud is the lab, by name."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.write_clouds(tmp_path, east={})))
    return fill(site, lab, openstack_project)


async def test_a_site_is_served_with_its_uuids_and_a_pull_finds_its_groups(
    site, client, groups, database, tmp_path
):
    tenant = groups["db"]["tenant_uuid"]
    summary = Summary()

    async def load(name):
        existing = await read_existing(database)
        documents = read_site(client, {"East cloud": "east"}, summary, lambda *_: None, existing)
        write_documents(tmp_path / name, documents)
        return (await load_resumable(database, [tmp_path / name], lambda *_: None)).report

    report = await load("first.jsonl")
    assert report.warnings == []
    assert (await load("second.jsonl")).nothing_changed
    assert "CUSTOMER.READER" in summary.left_out[0]
    clouds = Clouds(database)
    pulled = await pull_tenant(database, clouds, UUID(tenant), requested=False)
    await clouds.close()
    assert {name: n for name, n in pulled.items() if n} == {"imported": 1}  # the default group

    # What a pull or a user changed here is known to the next copy.
    present = {one.name: one for one in (await read_existing(database)).groups[UUID(tenant)]}
    assert {name: one.is_changed_here for name, one in present.items()} == {
        "default": True,
        "db": False,
        "=web": False,
    }

    app = create_app(Settings(allowed_hosts="api.example.com"))
    app.state.database = database
    token = await issue_token(database, "alice", Terms())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://api.example.com",
        headers={"Authorization": f"Token {token}"},
    ) as api:
        served = (await api.get(GROUPS, params={"tenant_uuid": tenant})).json()
        found = {one["name"]: one for one in served}
        for name, group in groups.items():
            for key in ("uuid", "backend_id", "tenant_uuid", "service_settings_uuid", "state"):
                assert found[name][key] == group[key]
        assert [each.get("remote_group_uuid") for each in found["=web"]["rules"]] == [
            None,
            groups["db"]["uuid"],
        ]
        for path, name in (
            ("customers", "Acme <b>"),
            ("projects", "Web';--"),
            ("openstack-tenants", "web-prod"),
        ):
            listed = (await api.get(f"/api/{path}/")).json()
            expected = {one["uuid"]: one["name"] for one in site.lists[f"/api/{path}/"]}
            assert {one["uuid"]: one["name"] for one in listed} == expected
            assert name in expected.values()
        drift = (await api.get(f"{GROUPS}{groups['=web']['uuid']}/drift/")).json()
        assert (drift["state"], drift["mode"]) == ("in_sync", "report"), drift
