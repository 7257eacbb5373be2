"""Unknown names: those of Ringfence are never ignored, others are named or rejected."""

import inspect
import itertools
import json
import pkgutil
from importlib import import_module
from uuid import uuid4

import httpx
import pytest
import waldur_api_client.api
from tests.contract import described
from tests.contract.paths import GROUPS, TENANTS, a_rule, group_at, tenant_at
from tests.factories.ports import INSTANCES, PORTS, add_instance, add_port

from ringfence.app import OPERATIONS, create_app
from ringfence.http.unknown_names.check import MOST_UNKNOWN, own_parameters
from ringfence.settings import Settings

CHANGING = [each for each in OPERATIONS if each.changes]
READING = [each for each in OPERATIONS if each.method == "GET" and not each.public]
OWN = own_parameters(OPERATIONS)
FLAGS = ("dry_run", "detach")
# Spellings of yes that are neither true nor false.
BAD_FLAGS = ("yes", "on", "t", "y", "", "1", "0", "TRUE ", " true", "truee", "no", "null", "true,")
MISSPELT = {
    "dry_run": (
        "dryrun",
        "dry-run",
        "DRY_RUN",
        "dryRun",
        "dry_runn",
        "dr_run",
        "dry_rnu",
        "dry run",
    ),
    "plan_token": ("plantoken", "plan-token", "planToken", "plan_tokn", "plan_tokens"),
    "detach": ("detatch", "Detach", "dettach", "detach[]", "dettatch", "de-tach"),
}
# Parameters that only later releases of Waldur's clients have.
OF_LATER_RELEASES = {
    "openstack_security_groups_set_ok",
    "openstack_security_groups_set_erred",
    "personal_access_tokens_list",
    "personal_access_tokens_count",
    "personal_access_tokens_retrieve",
    "personal_access_tokens_create",
    "personal_access_tokens_destroy",
    "personal_access_tokens_rotate",
    "personal_access_tokens_available_scopes_list",
}
TABLES = ("security_groups", "security_group_rules", "tenants", "procrastinate_jobs", "events")
BODIES = {
    "openstack_security_groups_rollback": {"version": 1},
    "openstack_security_groups_set_rules": [a_rule()],
    "openstack_security_groups_plan": [a_rule()],
    "openstack_tenants_push_security_groups": [{"name": "db", "rules": []}],
    "openstack_tenants_create_security_group": {"name": "db", "rules": []},
}
IDS = [each.id for each in CHANGING]


async def everything(world):
    """Return all groups, jobs, events and tokens."""
    found = {
        table: await world.value(
            f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]')::text FROM {table} AS t"  # noqa: S608
        )
        for table in TABLES
    }
    return found | {"tokens": await world.value("SELECT array_agg(digest ORDER BY id) FROM tokens")}


@pytest.fixture
async def path_of(world):
    """Return a function that returns the path of an operation for existing objects."""
    group, other = await world.group(), uuid4()
    port, (instance, _) = await add_port(world), await add_instance(world)

    def path(operation):
        uuid = world.tenant_uuid if operation.path.startswith(TENANTS) else group
        others = {"/api/users/": other, PORTS: port, INSTANCES: instance}
        uuid = next((each for at, each in others.items() if operation.path.startswith(at)), uuid)
        return operation.path.format(uuid=uuid.hex, user_id=world.users["admin"], number=1)

    return path


def body_of(operation):
    if operation.id in BODIES:
        return BODIES[operation.id]
    return operation.body.example if operation.body else None


async def send(client, operation, path, body=None, query=()):
    body = body_of(operation) if body is None else body
    more = {} if body is None else {"json": body}
    return await client.request(operation.method, path, params=list(query), **more)


def test_only_what_waldur_does_not_have_is_ours():
    modules = {
        name.rsplit(".", 1)[-1]: name
        for _, name, _ in pkgutil.walk_packages(
            waldur_api_client.api.__path__, "waldur_api_client.api."
        )
    }
    for operation in OPERATIONS:
        known = operation.id in modules or operation.id in OF_LATER_RELEASES
        assert operation.own == (not known), operation.id
        if operation.id not in modules or operation.method in {"GET", "HEAD"}:
            continue
        signature = inspect.signature(import_module(modules[operation.id])._get_kwargs)  # noqa: SLF001
        for parameter in operation.in_query:
            # `field` works for every response, as in Waldur.
            theirs = parameter.name in {*signature.parameters, "field"}
            assert parameter.own == (not theirs), (operation.id, parameter.name)


def test_the_parameters_of_ours_are_known_by_their_declarations():
    in_changes = {"dry_run", "plan_token", "detach"}
    in_lists_of_waldur = {"drift", "is_open_to_all", "cursor"}
    assert in_changes | in_lists_of_waldur < set(OWN)
    of_changes = {each.name for one in CHANGING for each in one.in_query} & set(OWN)
    assert of_changes == in_changes
    assert set(MISSPELT) == {
        parameter.name for each in CHANGING for parameter in each.in_query if parameter.name in OWN
    }


@pytest.mark.parametrize("operation", CHANGING, ids=IDS)
async def test_a_change_never_loses_a_parameter_of_ours(api, world, path_of, operation):
    client, path = api("staff"), path_of(operation)
    before = await everything(world)
    taken = {each.name for each in operation.in_query}
    wrong = [
        (name, value)
        for name in OWN
        for value in (BAD_FLAGS if name in FLAGS else ("", " "))
        if name in taken
    ]
    wrong += [(name, value) for name in set(OWN) - taken for value in ("true", "false", "", "x")]
    wrong += [(name, "true") for name in itertools.chain.from_iterable(MISSPELT.values())]
    for name, value in wrong:
        response = await send(client, operation, path, query=[(name, value)])
        assert response.status_code == 400, (name, value, response.text)
        assert list(response.json()) == [name], (name, value, response.text)
    for name in taken & set(OWN):
        values = ("true", "false") if name in FLAGS else ("1.a", "1.b")
        response = await send(client, operation, path, query=[(name, each) for each in values])
        assert (response.status_code, list(response.json())) == (400, [name])
    assert await everything(world) == before


@pytest.mark.parametrize(
    "operation",
    [each for each in CHANGING if each.body is None or each.body.unknown_keys != "checked"],
    ids=lambda each: each.id,
)
async def test_a_change_never_loses_a_parameter_of_ours_in_its_body(api, world, path_of, operation):
    client, path = api("staff"), path_of(operation)
    before = await everything(world)
    for name in (*OWN, *itertools.chain.from_iterable(MISSPELT.values())):
        body = body_of(operation)
        body = [body[0] | {name: True}] if isinstance(body, list) else (body or {}) | {name: True}
        response = await send(client, operation, path, body)
        assert response.status_code == 400, (name, response.text)
        assert name in response.text
    assert await everything(world) == before


@pytest.mark.parametrize("operation", READING, ids=lambda each: each.id)
async def test_a_read_refuses_parameters_of_ours_that_it_does_not_have(api, path_of, operation):
    client, path = api("staff"), path_of(operation)
    known = {each.name for each in operation.in_query} | set(operation.undeclared)
    for name, method in itertools.product(set(OWN) - known, ("GET", "HEAD")):
        if method == "HEAD" and operation.id.endswith(
            ("drift", "versions_list", "versions_retrieve")
        ):
            continue
        response = await client.request(method, path, params={name: "true"})
        assert response.status_code == 400, (name, method)


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "tRuE"])
async def test_a_dry_run_is_one_in_any_case(client, world, value):
    group = await world.group()
    before = await everything(world)
    response = await client.post(group_at(group, f"set_rules/?dry_run={value}"), json=[a_rule()])
    assert "plan_token" in response.json()
    assert await everything(world) == before
    response = await client.post(
        group_at(group, f"set_rules/?dry_run={value}&dry_run=true"), json=[a_rule()]
    )
    assert "plan_token" in response.json()
    # A path that Starlette treats as equal.
    response = await client.post(group_at(group, "set_rules/%0A?dry_run=true"), json=[a_rule()])
    assert response.status_code == 404 or "plan_token" in response.json()
    assert await everything(world) == before


async def test_a_refusal_says_what_is_meant_and_where_it_is_taken(client, world):
    group = await world.group()
    response = await client.post(group_at(group, "set_rules/?dryrun=true"), json=[a_rule()])
    assert response.json() == {"dryrun": ["There is no such parameter. Did you mean dry_run?"]}
    response = await client.post(group_at(group, "set_rules/?dry_run=yes"), json=[a_rule()])
    assert response.json() == {"dry_run": ['Must be true or false; "yes" is neither.']}
    response = await client.delete(group_at(group, "?dry_run=true"))
    [message] = response.json()["dry_run"]
    assert message == (
        "This operation does not take dry_run, and nothing was done. "
        "dry_run is a parameter of POST /api/openstack-security-groups/{uuid}/set_rules/, "
        "POST /api/openstack-security-groups/{uuid}/rollback/, "
        "POST /api/openstack-ports/{uuid}/update_security_groups/, "
        "POST /api/openstack-instances/{uuid}/update_security_groups/."
    )
    response = await client.put(group_at(group), json={"name": "x", "dry_run": True})
    assert "dry_run" in response.json()
    response = await client.post(group_at(group, "rollback/"), json={"versoin": 1, "version": 1})
    assert response.json() == {
        "versoin": ["There is no such key. Did you mean version? Allowed: version."]
    }
    response = await client.get(group_at(group, "versions/?per_page=3"))
    assert response.json() == {
        "per_page": ["There is no such parameter. Allowed: page, page_size."]
    }


async def test_authentication_precedes_the_check_of_names(api, world):
    group = await world.group()
    nobody, member = api(None), api("member")
    for path in (f"{GROUPS}?detach=true", group_at(group, "?dry_run=true")):
        assert (await nobody.get(path)).status_code == 401
    path = group_at(group, "?dry_run=true")
    assert (await nobody.delete(path)).status_code == 401
    assert (await member.delete(path)).status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_unknown_parameters_of_a_read_are_ignored_and_named(client, world, method):
    group = await world.group()
    for path in (GROUPS, group_at(group), TENANTS, "/api/users/me/", "/api/events/count/"):
        response = await client.request(
            method, path, params={"bogus": "1", "page_size": "1", "x y": ""}
        )
        assert response.status_code == 200
        assert response.headers["Warning"].startswith('299 - "ignored query parameters: bogus')
        assert response.headers["Warning"].endswith(', 1 (unnamed)"')
        plain = await client.request(method, path)
        assert "Warning" not in plain.headers


async def test_a_304_names_what_was_ignored(client, world):
    path = group_at(await world.group(), "?bogus=1")
    tag = (await client.get(path)).headers["ETag"]
    response = await client.get(path, headers={"If-None-Match": tag})
    assert (response.status_code, response.headers["Warning"]) == (
        304,
        '299 - "ignored query parameters: bogus"',
    )


async def test_no_name_of_the_contract_is_warned_of(client, world):
    group = await world.group()
    known = {"page": "1", "page_size": "10", "o": "name", "field": "name", "state": "OK"}
    known |= {"can_manage": "maybe", "tenant_uuid": world.tenant_uuid.hex, "query": "", "name": ""}
    for path in (GROUPS, group_at(group)):
        for method in ("GET", "HEAD"):
            response = await client.request(method, path, params=known)
            assert response.status_code == 200
            assert "Warning" not in response.headers
    sent = {"name": "x", "description": "y"}
    assert "Warning" not in (await client.put(group_at(group), json=sent)).headers


async def test_unknown_keys_of_a_body_are_ignored_and_named(client, world):
    sent = {"name": "a", "rules": [], "tags": ["x"], 'end"\r\nX-Evil: 1': 1, "\ud800": 2, "": 3}
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    content = json.dumps(sent)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    first = await client.post(f"{path}?bogus", content=content, headers=headers)
    again = await client.post(f"{path}?bogus", content=content, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    expected = '299 - "ignored query parameters: bogus; ignored body keys: tags, 3 (unnamed)"'
    assert first.headers.get_list("Warning") == again.headers.get_list("Warning") == [expected]
    pushed = await client.patch(
        group_at(await world.group("other")), json={"description": "z", "state": "OK"}
    )
    assert (pushed.status_code, pushed.headers["Warning"]) == (
        200,
        '299 - "ignored body keys: state"',
    )


@pytest.mark.usefixtures("world")
async def test_a_warning_is_bounded(client):
    query = "&".join(f"{'u' * 57}{number}" for number in range(30))
    warning = (await client.get(f"{GROUPS}?{query}")).headers["Warning"]
    assert warning.endswith(', and 20 more"')
    assert len(warning) < 1000


async def test_keys_that_nobody_reads_are_not_lost(client, world):
    group = await world.group()
    before = await everything(world)
    for content in (b"dry_run=true", b"a=b&dryrun", b'{"dry_run": true}', b'[{"detatch": 1}]'):
        response = await client.post(group_at(group, "pull/"), content=content)
        assert response.status_code == 400, content
    assert await everything(world) == before
    response = await client.post(group_at(group, "pull/"), json={"force": True})
    assert (response.status_code, response.headers["Warning"]) == (
        202,
        '299 - "ignored body keys: force"',
    )


async def test_a_key_that_stands_twice_is_refused(client, world):
    group = await world.group()
    rule = b'[{"protocol":"tcp","from_port":22,"to_port":22,"cidr":"10.0.0.0/8","cidr":null}]'
    headers = {"Content-Type": "application/json"}
    response = await client.post(group_at(group, "set_rules/"), content=rule, headers=headers)
    assert (response.status_code, response.json()) == (
        400,
        {"detail": "JSON parse error - the key 'cidr' is given twice"},
    )


async def test_a_limit_of_a_token_is_never_lost(client, world):
    terms = {"name": "x", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"}
    place = {"type": "project", "uuid": world.project_uuid.hex}
    tokens = "SELECT count(*) FROM tokens"
    before = await world.value(tokens)
    for wrong in (
        {"allowed_scope": [place]},
        {"project": world.project_uuid.hex},
        {"allowed_scopes": [place | {"role": "reader"}]},
    ):
        response = await client.post("/api/personal-access-tokens/", json=terms | wrong)
        assert (response.status_code, list(response.json())) == (400, list(wrong))
    assert await world.value(tokens) == before


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("is_open_to_all=yes", 400),
        ("is_open_to_all=", 400),
        ("is_open_to_all=1", 400),
        ("is_open_to_all=true&is_open_to_all=false", 400),
        ("can_manage=yes", 400),
        ("drift=driftin", 400),
        ("drift=", 400),
        ("drfit=drifting", 400),
        ("bogus=1", 400),
        ("is_open_to_all=TRUE", 200),
        ("drift=drifting&drift=missing", 200),
        ("can_manage=false&name=&page_size=2&o=-name&field=name", 200),
    ],
)
async def test_a_filter_of_ours_is_never_dropped(client, world, query, status):
    group = await world.group()
    for path in ("/api/security-group-overviews/", f"/api/security-group-overviews/{group.hex}/"):
        for method in ("GET", "HEAD"):
            response = await client.request(method, f"{path}?{query}")
            found = response.status_code
            assert found == status or (status == 200 and found == 404 and group.hex in path)


@pytest.fixture
async def strict(database):
    """Return a client of an application with `RINGFENCE_STRICT`."""
    app = create_app(Settings(strict=True, allowed_hosts="api.example.com"))
    app.state.database = database
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://api.example.com",
        headers={"Authorization": "Token admin-token"},
        event_hooks={"response": [described.check]},
    ) as client:
        yield client


async def test_a_strict_service_refuses_every_unknown_name(strict, world):
    group = await world.group()
    before = await everything(world)
    response = await strict.get(f"{GROUPS}?nmae=web")
    [message] = response.json()["nmae"]
    assert message.startswith(
        "There is no such parameter. Did you mean name? Allowed: backend_id, "
    )
    create = tenant_at(world.tenant_uuid, "create_security_group/")
    plan = tenant_at(world.tenant_uuid, "plan_security_group/")
    for path in (create, plan):
        response = await strict.post(path, json={"name": "a", "tags": []})
        assert response.json() == {
            "tags": ["There is no such key. Allowed: description, name, rules."]
        }
    response = await strict.post(
        tenant_at(world.tenant_uuid, "push_security_groups/"),
        json=[{"name": "a"}, {"name": "b", "tags": []}],
    )
    assert (response.status_code, response.json()[0]) == (400, {})
    assert list(response.json()[1]) == ["tags"]
    response = await strict.post(group_at(group, "pull/"), json={"force": True})
    assert response.json() == {"force": ["There is no such key. None is taken here."]}
    assert await everything(world) == before
    assert (await strict.get(f"{GROUPS}?can_manage=true&o=name&field=name")).status_code == 200


async def test_more_unknown_names_than_anybody_means_are_refused_before_they_are_compared(
    client, world
):
    group = await world.group()
    before = await everything(world)
    names = {f"key{number}": "1" for number in range(MOST_UNKNOWN + 2)}
    for sent, kind in (({"json": names}, "keys"), ({"params": names}, "parameters")):
        response = await client.patch(group_at(group), **sent)
        assert response.status_code == 400
        message = f"There are more than {MOST_UNKNOWN} {kind} that this operation does not have."
        assert response.json() == {"non_field_errors": [message]}
    assert await everything(world) == before
    whole = (await client.get(group_at(group))).json() | {"description": "sent back"}
    assert (await client.put(group_at(group), json=whole)).status_code == 200
