import json

from ringfence.provisioning.demonstration import demonstration_file, demonstration_groups
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
