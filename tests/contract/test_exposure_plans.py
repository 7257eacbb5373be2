"""How PostgreSQL reads exposures: a page and a tenant by index, whatever the number of others."""

import pytest
from bench.plans import explained
from tests.factories.exposed import EXPOSURES

from ringfence.access import identity

TENANTS, PORTS = 60, 200


@pytest.fixture
async def many(world):
    """Insert the exposures of many other tenants, and of the world's own."""
    await world.execute(
        "INSERT INTO tenants (project_id, cloud_id, name, backend_id)"
        " SELECT project_id, cloud_id, 't' || number, 'b' || number FROM tenants"
        " CROSS JOIN generate_series(1, %s) AS number WHERE id = %s",
        *(TENANTS, world.foreign_tenant_id),
    )
    await world.execute(
        "INSERT INTO cloud_ports (tenant_id, backend_id)"
        " SELECT id, 'p' || id || '-' || number FROM tenants"
        " CROSS JOIN generate_series(1, %s) AS number",
        PORTS,
    )
    await world.execute(
        "INSERT INTO port_exposures (tenant_id, port_id, cause, ethertype, protocol,"
        " first_protocol, last_protocol, first_port, last_port, network, services, reachable,"
        " desired, exact, security_group_ids, observed_only_ids)"
        " SELECT tenant_id, id, 'rules', 'IPv4', 'tcp', 6, 6, 22, 22, '0.0.0.0/0', '{ssh}', false,"
        " 'all', true, '{}', '{}' FROM cloud_ports"
    )
    await world.execute("ANALYZE")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("query", "only_index"),
    [
        ("", False),
        ("tenant_uuid={tenant}", True),
        ("tenant_uuid={tenant}&service=ssh&page_size=300", True),
    ],
)
async def test_pages_and_tenants_are_read_by_index(
    api, world, conninfo, monkeypatch, query, only_index
):
    sent = []
    read = identity.read_rows

    async def note(database, statement, parameters):
        sent.append((statement, parameters))
        return await read(database, statement, parameters)

    monkeypatch.setattr(identity, "read_rows", note)
    path = f"{EXPOSURES}?{query.format(tenant=world.tenant_uuid.hex)}"
    response = await api("staff").get(path)
    assert response.status_code == 200
    assert len(response.json()) > 1
    tables = ("port_exposures", "cloud_ports")
    lines = explained(conninfo, path, *sent[-1], tables=tables).lines
    # Each row of a page is read by its key.
    assert any("port_exposures_pkey" in line for line in lines), lines
    assert not any(line.startswith("Seq Scan on cloud_ports") for line in lines), lines
    if only_index:
        assert not any(line.startswith("Seq Scan") for line in lines), lines
