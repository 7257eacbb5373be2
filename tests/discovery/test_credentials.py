"""Discovery with less than an administrator's rights, in a real Keystone and Neutron."""

import pytest
import yaml

from ringfence.discovery.commands import discover
from ringfence.discovery.found import Selection
from ringfence.errors import OperatorError

NETWORK_ONLY = [{"service": "network", "method": "GET", "path": "/v2.0/**"}]


@pytest.fixture
def entries(lab, tmp_path, monkeypatch):
    clouds = yaml.safe_load(lab.clouds_yaml.read_text())["clouds"]
    project = lab.make_project()
    member = lab.make_entry(project, "member")
    clouds["web"] = lab.make_application_credential(member, NETWORK_ONLY)
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    return project


async def test_each_entry_of_one_project_is_a_tenant(database, entries):
    selection = Selection("lab", ("web", "lab-2-reader"))
    outcome = await discover(database, selection, lambda *_: None, lambda *_: None)
    assert outcome.report.tenants == 2
    async with database.connection() as connection:
        statement = (
            "SELECT tenant.backend_id, tenant.name, tenant.openstack_cloud, cloud.openstack_cloud,"
            " customer.name"
            " FROM tenants AS tenant JOIN clouds AS cloud ON tenant.cloud_id = cloud.id"
            " JOIN projects AS project ON tenant.project_id = project.id"
            " JOIN customers AS customer ON project.customer_id = customer.id"
            " ORDER BY 3 NULLS FIRST"
        )
        rows = await (await connection.execute(statement)).fetchall()
    [(project, *own), (_, *reader)] = rows
    assert project == entries
    assert own[1:] == [None, "web", "Default"]
    assert reader == ["lab-2", "lab-2-reader", "web", "Default"]


@pytest.mark.usefixtures("entries")
async def test_a_token_of_the_whole_system_is_refused_where_neutron_hides_groups(database):
    selection = Selection("admin-system", ("admin-system",))
    with pytest.raises(OperatorError, match="Neutron shows none of their security groups to it"):
        await discover(database, selection, lambda *_: None, lambda *_: None)
