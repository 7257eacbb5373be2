"""A discovery stores the ports of a project as a pull of its tenant does."""

from tests.discovery.test_follow import cloud, repeat, rows
from tests.neutron.test_translate import PORT

from ringfence.sync.drivers import Clouds
from ringfence.sync.pull import pull_tenant

__all__ = ["cloud", "repeat", "rows"]

OF = {"project_id": "p00", "tenant_id": "p00"}
VERSIONS = """
SELECT 'port', id, xmin::text FROM cloud_ports
UNION ALL SELECT 'instance', id, xmin::text FROM cloud_instances
UNION ALL SELECT 'group', security_group_id, xmin::text FROM cloud_port_groups
"""


def fill(cloud):
    cloud.add("p00", "default")
    cloud.ports = [
        PORT | OF | {"id": "port-1", "security_groups": ["0001-web", "of-nobody"]},
        PORT | OF | {"id": "port-2", "security_groups": [], "device_id": "vm-2"},
        PORT | OF | {"id": "port-3", "security_groups": [7], "fixed_ips": "x", "device_id": ""},
    ]


async def test_a_pull_after_a_discovery_finds_every_port_as_it_is_stored(
    database, cloud, repeat, rows
):
    fill(cloud)
    await repeat()
    discovered = await rows(VERSIONS)
    ports = await rows(
        "SELECT backend_id, security_group_ids, fixed_ips IS NULL FROM cloud_ports ORDER BY 1"
    )
    assert ports == [
        ("port-1", ["0001-web", "of-nobody"], False),
        ("port-2", [], False),
        ("port-3", None, True),
    ]
    assert len(discovered) == 3 + 2 + 1
    [(tenant,)] = await rows("SELECT uuid FROM tenants WHERE backend_id = 'p00'")
    clouds = Clouds(database)

    await pull_tenant(database, clouds, tenant, requested=True)

    await clouds.close()
    assert await rows(VERSIONS) == discovered
