import json

from ringfence.cli import demo
from ringfence.provisioning.demonstration import (
    demonstration_file,
    demonstration_groups,
    demonstration_instances,
)
from ringfence.provisioning.load import load_files


async def test_the_demonstration_loads_and_repeats(database):
    with demonstration_file() as path:
        report = await load_files(database, [path])
        again = await load_files(database, [path])

    assert report.counts["tenants"].created == len(demonstration_groups())
    assert again.nothing_changed


async def test_its_groups_are_what_a_file_may_hold(load, query):
    with demonstration_file() as path:
        await load(path.read_text())
    tenants = await query(
        "SELECT t.name, p.name, c.name FROM tenants t"
        " JOIN projects p ON p.id = t.project_id JOIN customers c ON c.id = p.customer_id"
    )
    groups = demonstration_groups()
    customers = [
        {
            "name": customer,
            "projects": [
                {
                    "name": project,
                    "tenants": [
                        {"name": name, "cloud": "sandbox", "security_groups": groups[name]}
                    ],
                }
            ],
        }
        for name, project, customer in tenants
    ]

    report = await load(json.dumps({"customers": customers}))

    assert report.counts["security groups"].created == sum(map(len, groups.values())) >= 12


def test_a_remote_group_stands_above_those_that_name_it():
    for groups in demonstration_groups().values():
        known = set()
        for group in groups:
            assert {rule["remote_group"] for rule in group["rules"]} - {None} <= known
            known.add(group["name"])


async def test_its_instances_carry_groups_of_the_demonstration():
    groups = demonstration_groups()
    for tenant, instances in demonstration_instances().items():
        named = {name for instance in instances for name in instance.groups}
        assert named <= {group["name"] for group in groups[tenant]}


async def test_its_instances_are_there_once_however_often_it_starts(database, query):
    await demo.prepare(database)
    await demo.prepare(database)
    rows = await query(
        "SELECT tenant.name, instance.name, count(*) FROM cloud_instances AS instance"
        " JOIN tenants AS tenant ON tenant.id = instance.tenant_id"
        " JOIN cloud_ports AS port ON port.instance_id = instance.id"
        " JOIN cloud_port_groups AS carried ON carried.port_id = port.id GROUP BY 1, 2"
    )
    assert sorted(rows) == sorted(
        (tenant, instance.name, len(instance.groups))
        for tenant, instances in demonstration_instances().items()
        for instance in instances
    )
