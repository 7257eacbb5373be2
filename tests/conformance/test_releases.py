"""All operations on groups with every waldur-api-client since that of Waldur's API page."""

import pytest
from tests.conformance.served import MANY, tenant_uuid, token
from tests.contract.test_representation import ADDED_FIELDS

# The first release with the page's statuses, that of its day, the last before they changed, and
# the newest.
RELEASES = {"7.8.8": "2025-11", "7.9.0": "2025-11", "8.0.8": "2025-11", "8.1.3": "2026-10"}
ACCEPT = {"2025-11": "", "2026-10": "application/json; version=2026-10"}
RULES_SET = {"status": "Rules update was successfully scheduled."}
PULLED = {"detail": "Pull operation was successfully scheduled."}

NEIGHBOURS = (
    *(
        f"{package}_{operation}"
        for package in ("openstack_tenants", "customers", "projects", "service_settings")
        for operation in ("list", "count", "retrieve")
    ),
    "users_me_retrieve",
    "events_list",
    "events_count",
    "version_retrieve",
    "configuration_retrieve",
)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_parses_the_response_of_every_operation(site, release, run_program, count):
    tenant = tenant_uuid(f"release {release}")
    found = run_program(
        f"waldur-api-client-{release}",
        "every_operation.py",
        address=site.address,
        token=token("ann"),
        staff_token=token("staff"),
        tenant=tenant,
        tenant_url=f"{site.address}/api/openstack-tenants/{tenant}/",
        many=tenant_uuid("many"),
        name=f"by {release}",
        accept=ACCEPT[RELEASES[release]],
    )
    # Releases store unknown fields separately.
    known_in_8_1 = {"marketplace_offering_type", "instance_count"}
    unknown = ADDED_FIELDS if release < "8.1" else ADDED_FIELDS - known_in_8_1
    assert set(found.pop("unknown fields")) <= unknown
    assert found == expected(release)
    count(len(found))


def expected(release):
    name = f"by {release}"
    newer = RELEASES[release] == "2026-10"
    operations = {
        "tenants_create_security_group": [201, name, "CREATION_SCHEDULED"],
        "retrieve": ["OK", 2, []],
        "list": [200, [name]],
        "count": [200, 1],
        "update": [200, True],
        "partial_update": [200, True, ""],
        "set_rules": [202, RULES_SET, [443, 53, -1]] if newer else [200, None, [443, 53, -1]],
        "pull": [202, PULLED if release >= "8" else None],
        "destroy": [204, None],
        "unlink": [204, None],
    }
    operations |= {
        "tenants_pull": 202,
        "tenants_pull_security_groups": [202, "status"] if newer else [200, "uuid"],
        "tenants_push_security_groups": 202 if newer else 200,
        "pushed": [1],
    }
    operations |= dict.fromkeys(NEIGHBOURS, 200)
    since_8 = {
        "list.sync_all": [MANY, MANY],
        "set_erred": [200, True, "ERRED", "out of order"],
        "set_ok": [200, True, "OK"],
    }
    return operations | since_8 if release >= "8" else operations
