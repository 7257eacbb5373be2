"""`ringfence doctor` about a real cloud: what it says is what a push would meet."""

from copy import deepcopy
from urllib.parse import quote

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict
from tests.factories.world import make_world
from tests.lab.fixtures import lab, neutron_proxy, openstack_project

from ringfence.cli.doctor.check import Outcome
from ringfence.cli.doctor.clouds import Selection
from ringfence.cli.doctor.examination import examine
from ringfence.cli.doctor.write_test import PREFIX
from ringfence.settings import Settings

__all__ = ["lab", "neutron_proxy", "openstack_project"]

TENANT = "cloud east, tenant web-prod"


@pytest.fixture
async def world(database):
    return await make_world(database)


@pytest.fixture
def settings(conninfo):
    server = conninfo_to_dict(conninfo)
    socket = quote(server["host"], safe="")
    return Settings(database_url=f"postgresql://{server['user']}@{socket}/{server['dbname']}")


@pytest.fixture
def use_entries(world, tmp_path, monkeypatch, openstack_project):
    """Write clouds.yaml, and let the tenant be the test's project in an OpenStack."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    async def use(**entries):
        path.write_text(yaml.safe_dump({"clouds": entries}))
        await world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'x'")
        await world.execute(
            "UPDATE tenants SET backend_id = %s WHERE id = %s", openstack_project, world.tenant_id
        )

    return use


@pytest.fixture
def check_clouds(world, settings):
    """Return a function that lets the doctor check the tenant with an entry."""

    async def check(entry, **options):
        await world.execute("UPDATE clouds SET openstack_cloud = %s", entry)
        found = await examine(settings, Selection(world.tenant_uuid.hex, **options))
        names = {check.name: check for check in found}
        first = next(at for at, check in enumerate(found) if check.name.startswith("credentials "))
        last = next(at for at, check in enumerate(found) if check.name == "versions")
        return found[first:last], names

    return check


async def test_a_verdict_on_rights_is_what_a_write_test_meets(
    lab, neutron_proxy, openstack_project, use_entries, check_clouds
):
    override = {"network_endpoint_override": neutron_proxy.url}
    system = deepcopy({**lab.entry, **override})
    for name in ("project_name", "project_domain_name", "project_domain_id"):
        system["auth"].pop(name, None)
    system["auth"]["system_scope"] = "all"
    await use_entries(
        reader=lab.make_entry(openstack_project, "reader", **override),
        other=lab.make_entry(lab.make_project(), "member", **override),
        system=system,
        member=lab.make_entry(openstack_project, "member", **override),
        admin={**lab.entry, **override},
    )
    for entry, where, what, fix in (
        ("reader", TENANT, "has the role reader only", f"--project {openstack_project} member"),
        ("other", TENANT, "they reach no other", "set openstack_cloud of the tenant to an entry"),
        ("system", "credentials system", "the system", "replace system_scope by project_name"),
        ("member", TENANT, "the project of the credentials", ""),
        ("admin", TENANT, "the project exists", ""),
    ):
        before = len(neutron_proxy.calls)
        checks, named = await check_clouds(entry)
        calls = neutron_proxy.calls[before:]
        assert {call.method for call in calls} <= {"GET"}, entry
        assert len(calls) <= 8, calls
        assert what in named[where].found, entry
        assert fix in named[where].fix
        assert all(check.tested for check in checks)
        expected = {where: Outcome.FAILED} if fix else {}
        assert {c.name: c.outcome for c in checks if not c.passed} == expected, entry

        _, named = await check_clouds(entry, confirm=lambda _: True)

        assert named["write test, tenant web-prod"].passed is not bool(fix), entry
    listed = lab.neutron("GET", f"/v2.0/security-groups?project_id={openstack_project}")
    assert [group["name"] for group in listed["security_groups"]] == ["default"]
    assert neutron_proxy.count("DELETE") == 2
    assert any(PREFIX.encode() in call.body for call in neutron_proxy.changes())
