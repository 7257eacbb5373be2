"""The permission matrix, tested cell by cell against the application.

The expected cells are written out here, apart from the table that the code reads.
"""

from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, group_at, tenant_at
from tests.factories.ports import add_port, port_at
from tests.factories.world import USERS

from ringfence.access.permissions import MATRIX, Permission, Role
from ringfence.app import COLLECTIONS

FORBIDDEN = {"detail": "You do not have permission to perform this action."}

EVERYONE = {
    *("staff", "support", "owner", "customer-manager", "customer-support"),
    *("admin", "manager", "member", "unrelated"),
}
SEE_THE_WORLD = {"staff", "support"}
SEE_THEIR_OWN = EVERYONE - {"unrelated"}
CHANGE_THEIR_OWN = {"staff", "owner", "admin", "manager"}

# The status of success, by operation on an object.
SUCCESS = {
    "tenant_confirm_missing": 202,
    "sync_status": 200,
    "discover": 202,
    "doctor": 200,
    "port_groups": 200,
    "retrieve": 200,
    "update": 200,
    "partial_update": 200,
    "delete": 204,
    "pull": 202,
    "set_rules": 200,
    "unlink": 204,
    "set_ok": 200,
    "set_erred": 200,
    "create": 201,
    "tenant_pull": 202,
    "tenant_pull_groups": 200,
    "tenant_push_groups": 200,
    "tenant_default_egress": 200,
}
NEEDS = {
    "retrieve": Permission.SECURITY_GROUP_READ,
    "update": Permission.SECURITY_GROUP_UPDATE,
    "partial_update": Permission.SECURITY_GROUP_UPDATE,
    "delete": Permission.SECURITY_GROUP_DELETE,
    "pull": Permission.SECURITY_GROUP_PULL,
    "set_rules": Permission.SECURITY_GROUP_SET_RULES,
    "unlink": Permission.SECURITY_GROUP_UNLINK,
    "set_ok": Permission.SECURITY_GROUP_SET_OK,
    "set_erred": Permission.SECURITY_GROUP_SET_ERRED,
    "create": Permission.SECURITY_GROUP_CREATE,
    "tenant_pull": Permission.TENANT_PULL,
    "tenant_pull_groups": Permission.TENANT_PULL_SECURITY_GROUPS,
    "tenant_push_groups": Permission.TENANT_PUSH_SECURITY_GROUPS,
    "tenant_default_egress": Permission.TENANT_SET_DEFAULT_EGRESS,
    "tenant_confirm_missing": Permission.TENANT_CONFIRM_MISSING,
    "sync_status": Permission.SYNC_READ,
    "discover": Permission.DISCOVERY_CHANGE,
    "doctor": Permission.DOCTOR_READ,
    "port_groups": Permission.PORT_UPDATE_SECURITY_GROUPS,
}

FOR_STAFF = {"unlink", "set_ok", "set_erred", "tenant_default_egress", "tenant_confirm_missing"}


def expected(operation: str, user: str, where: str) -> int:
    """Return the status of one cell; `where` is own, foreign or missing."""
    if operation == "sync_status":
        # The operation has no object.
        return SUCCESS[operation] if user in SEE_THE_WORLD else 403
    if operation in FOR_STAFF:
        # Rejected regardless of the object, so that it does not disclose what exists.
        if user != "staff":
            return 403
        return 404 if where == "missing" else SUCCESS[operation]
    if operation in {"discover", "doctor"}:
        return SUCCESS[operation] if user == "staff" else 403
    sees = where == "own" and user in SEE_THEIR_OWN
    sees |= where == "foreign" and user in SEE_THE_WORLD
    if not sees:
        return 404
    may = operation == "retrieve" or user in CHANGE_THEIR_OWN
    return SUCCESS[operation] if may else 403


def request_of(operation, group, tenant):  # noqa: PLR0911 - a table
    if operation == "create":
        name = {"name": uuid4().hex}
        return "POST", tenant_at(tenant, "create_security_group/"), name
    if operation == "tenant_pull":
        return "POST", tenant_at(tenant, "pull/"), None
    if operation == "tenant_push_groups":
        return "POST", tenant_at(tenant, "push_security_groups/"), [{"name": uuid4().hex}]
    if operation == "tenant_default_egress":
        return "POST", tenant_at(tenant, "set_default_egress/"), {"keep": False}
    if operation == "tenant_confirm_missing":
        return "POST", tenant_at(tenant, "confirm_missing/"), None
    if operation == "sync_status":
        return "GET", "/api/sync-status/", None
    if operation == "discover":
        return "POST", "/api/discoveries/", {"cloud": "east"}
    if operation == "doctor":
        return "GET", "/api/doctor/", None
    if operation == "tenant_pull_groups":
        return "POST", tenant_at(tenant, "pull_security_groups/"), None
    return {
        "retrieve": ("GET", group_at(group), None),
        "update": ("PUT", group_at(group), {"name": uuid4().hex}),
        "partial_update": ("PATCH", group_at(group), {"description": "x"}),
        "delete": ("DELETE", group_at(group), None),
        "pull": ("POST", group_at(group, "pull/"), None),
        # A port with the UUID of the group
        "port_groups": (
            "POST",
            port_at(group, "update_security_groups/"),
            {"security_groups": []},
        ),
        "set_rules": ("POST", group_at(group, "set_rules/"), []),
        "unlink": ("POST", group_at(group, "unlink/"), None),
        "set_ok": ("POST", group_at(group, "set_ok/"), None),
        "set_erred": ("POST", group_at(group, "set_erred/"), {"error_message": "x"}),
    }[operation]


def test_the_tables_here_cover_every_permission_and_every_role():
    assert set(NEEDS.values()) == set(MATRIX) == set(Permission)
    assert {role for role in USERS.values() if role} == set(Role)
    assert set(USERS) == EVERYONE


@pytest.mark.parametrize("operation", SUCCESS)
async def test_each_role_may_do_exactly_what_its_cell_says(api, world, operation):
    found, allowed = {}, {}
    tenants = {
        "own": (world.tenant_id, world.tenant_uuid),
        "foreign": (world.foreign_tenant_id, world.foreign_tenant_uuid),
    }
    for user in USERS:
        client = api(user)
        for where in ("own", "foreign", "missing"):
            tenant_id, tenant = tenants.get(where, (None, uuid4()))
            group = await world.group(uuid4().hex, tenant_id=tenant_id) if tenant_id else uuid4()
            if tenant_id:
                await add_port(world, uuid=group, tenant_id=tenant_id)
            response = await client.request(
                *request_of(operation, group, tenant)[:2],
                json=request_of(operation, group, tenant)[2],
            )
            found[user, where] = response.status_code
            allowed[user, where] = expected(operation, user, where)
            if response.status_code == 403:
                assert response.json() == FORBIDDEN
            await world.execute("UPDATE tenants SET state = 'OK'")
            # A push of all groups of a tenant requires that each is in a stable state.
            await world.execute("UPDATE security_groups SET state = 'OK'")
    assert found == allowed


@pytest.mark.parametrize("operation", SUCCESS)
async def test_the_table_that_the_code_reads_says_the_same(operation):
    for user, role in USERS.items():
        if role:
            may = expected(operation, user, "own") == SUCCESS[operation]
            assert (role in MATRIX[NEEDS[operation]]) is may, (operation, user)


async def test_a_refused_operation_leaves_everything_as_it_was(api, world):
    group = await world.group()
    await add_port(world, uuid=group)
    before = await world.value("SELECT document FROM security_group_documents")
    for operation in SUCCESS:
        if operation != "retrieve":
            method, path, body = request_of(operation, group, world.tenant_uuid)
            assert (await api("member").request(method, path, json=body)).status_code == 403
    assert await world.value("SELECT document FROM security_group_documents") == before
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0
    assert await world.value("SELECT count(*) FROM events") == 0


async def test_a_list_shows_what_each_role_sees(api, world):
    own = await world.group()
    foreign = await world.group(tenant_id=world.foreign_tenant_id)
    for user in USERS:
        listed = {group["uuid"] for group in (await api(user).get(GROUPS)).json()}
        allowed = {own.hex} if user in SEE_THEIR_OWN else set()
        allowed |= {foreign.hex} if user in SEE_THE_WORLD else set()
        assert listed == allowed, user


async def test_without_a_token_every_operation_is_a_401(api, world):
    group = await world.group()
    for operation in SUCCESS:
        method, path, body = request_of(operation, group, world.tenant_uuid)
        assert (await api(None).request(method, path, json=body)).status_code == 401


async def test_a_role_of_one_project_or_customer_is_none_in_another(api, world):
    # Another project of the customer: in scope for the owner, not for the project's administrator.
    await world.execute(
        "WITH made AS (INSERT INTO projects (customer_id, name) VALUES (%s, 'Second') RETURNING id)"
        " INSERT INTO tenants (project_id, cloud_id, name) SELECT id, %s, 'second' FROM made",
        world.customer_id,
        world.cloud_id,
    )
    tenant = await world.value("SELECT id FROM tenants WHERE name = 'second'")
    group = await world.group(tenant_id=tenant)
    statuses = {
        user: (await api(user).patch(group_at(group), json={})).status_code for user in USERS
    }
    assert statuses == {
        "staff": 200,
        "support": 403,
        "owner": 200,
        "customer-manager": 403,
        "customer-support": 403,
        "admin": 404,
        "manager": 404,
        "member": 404,
        "unrelated": 404,
    }


async def test_a_role_that_is_taken_away_holds_no_longer(api, world):
    group = await world.group()
    await world.execute("DELETE FROM role_grants WHERE user_id = %s", world.users["admin"])
    assert (await api("admin").get(group_at(group))).status_code == 404


async def test_no_filter_by_user_discloses_a_user_out_of_scope(api, world):
    """`user_uuid` of a hidden user finds as much as that of a user who does not exist."""
    uuids = {
        name: (await world.value("SELECT uuid FROM users WHERE id = %s", number)).hex
        for name, number in world.users.items()
    }
    tried = [
        (collection.path, name)
        for collection in COLLECTIONS
        for name in collection.filters
        if "user_uuid" in name
    ]
    assert len(tried) >= 3
    for path, name in tried:
        for user, role in USERS.items():
            counts = {
                other: int(
                    (await api(user).head(path, params={name: uuid})).headers["X-Result-Count"]
                )
                for other, uuid in uuids.items()
            }
            if role in {Role.STAFF, Role.SUPPORT}:
                assert counts["admin"] == 1, (path, name)
                continue
            hidden = {other: count for other, count in counts.items() if other != user}
            assert set(hidden.values()) == {0}, (path, name, user, counts)
