"""The commands of `ringfence sync`."""

import pytest
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_drift import open_in_the_cloud, set_mode
from tests.sync.test_pull import fingerprint, in_the_cloud, pull, pushed

from ringfence.clouds.drift_modes import DriftMode, default_mode, set_default_mode
from ringfence.errors import OperatorError
from ringfence.neutron.port import CloudUnreachable
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_changes import MESSAGES, Note
from ringfence.sync import manual, status
from ringfence.sync.compare import DEFAULT_GUARD, MassRemovalGuard
from ringfence.sync.plan import plan
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push_plan import PushPlan, plan_push


async def the_tenant(place):
    return await status.find_tenant(place.database, "web-prod")


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule(), "+ in ipv4 any 0.0.0.0/0"),
        (Rule(ethertype="IPv6", direction="egress"), "+ out ipv6 any ::/0"),
        (Rule(protocol="tcp", from_port=22, to_port=22), "+ in ipv4 tcp 22 0.0.0.0/0"),
        (Rule(cidr="10.0.0.0/8"), "+ in ipv4 any 10.0.0.0/8"),
        (Rule(remote_group="db"), "+ in ipv4 any group db"),
        (Rule(remote_group=""), '+ in ipv4 any group "without a name"'),
        (Rule(remote_address_group="ag"), "+ in ipv4 any address group ag"),
        (Rule(remote_address_group=""), "+ in ipv4 any address group without a name"),
    ],
)
def test_a_planned_rule_reads_as_everywhere_and_never_shows_a_remote_as_any_address(rule, line):
    assert PushPlan(changes=plan([rule], ())).lines() == [line]


async def test_a_group_is_named_by_name_uuid_and_tenant(sandbox):
    web = await pushed(sandbox, "web", [tcp(22)])
    named = [("web", None), ("web", "web-prod"), (web.hex, None), (str(web), "web-prod")]
    for name, tenant in named:
        local, _ = await manual.find_group(sandbox.database, name, tenant)
        assert local.uuid == web
    await pushed(sandbox, "other")
    await sandbox.world.execute(
        "UPDATE security_groups SET name = 'web', is_duplicate_name = true WHERE name = 'other'"
    )

    with pytest.raises(
        OperatorError, match=r"named web; say which with --tenant or by UUID: .*web"
    ):
        await plan_push(sandbox.database, "web")
    with pytest.raises(
        OperatorError, match=r"no security group db in tenant web-prod; ringfence g"
    ):
        await plan_push(sandbox.database, "db", "web-prod")


async def many_missing(place):
    for number in range(8):
        await pushed(place, f"web-{number}")
    await place.world.execute("DELETE FROM sandbox_groups WHERE name LIKE 'web-%%'")


async def test_the_status_counts_by_tenant(sandbox):
    await pushed(sandbox, "calm")
    drifting, gone = await pushed(sandbox, "drifting", [tcp(22)]), await pushed(sandbox, "gone")
    await sandbox.ask("new")
    await set_mode(sandbox, drifting, "report")
    await open_in_the_cloud(sandbox, drifting)
    await sandbox.cloud.delete_group((await sandbox.row(gone))[1])
    await pull(sandbox)

    foreign, own = await status.status(sandbox.database)

    # The fifth is the default group of the project.
    assert (own.groups, own.scheduled, own.in_flight) == (5, 1, 0)
    assert (own.erred, own.drifting, own.missing) == (1, 1, 1)
    assert own.line().startswith(
        "east / web-prod: 5 groups, 1 scheduled, 0 in flight, 1 erred, 1 drifting, 1 missing;"
        " adopt; last pull 2"
    )
    assert foreign.line().endswith("0 missing; adopt; last pull never")
    await sandbox.world.execute("UPDATE security_groups SET backend_id = '' WHERE name = 'calm'")
    [_, own] = await status.status(sandbox.database)
    assert "1 missing, 1 never pushed; adopt" in own.line()


async def test_a_tenant_is_named_by_name_or_uuid_and_never_guessed(sandbox):
    assert (await the_tenant(sandbox)).uuid == sandbox.tenant
    found = await status.find_tenant(sandbox.database, sandbox.tenant.hex)
    assert found.name == "web-prod"
    with pytest.raises(OperatorError, match="no tenant nowhere"):
        await status.find_tenant(sandbox.database, "nowhere")
    await sandbox.world.execute("UPDATE tenants SET name = 'web-prod'")
    with pytest.raises(OperatorError, match="say which by UUID"):
        await the_tenant(sandbox)


async def pulled_now(place, tenants, lines):
    """Pull the tenants; return which are incomplete, and check that rows say the same."""
    results = await manual.pull_now(place.database, tenants, DEFAULT_GUARD, lines.append)
    rows = [result.row() for result in results]
    assert sorted(f"{row['tenant']}: {row['result']}" for row in rows) == sorted(
        lines[-len(rows) :]
    )
    assert [row["tenant"] for row in rows if row["complete"]] == [
        result.tenant.name for result in results if not result.reason
    ]
    return manual.incomplete(results)


async def test_a_pull_reports_a_line_for_each_tenant_and_continues_after_a_failure(
    sandbox, monkeypatch
):
    await in_the_cloud(sandbox, "db", cloud_tcp(1))
    tenants = await status.all_tenants(sandbox.database)
    lines = []

    assert await pulled_now(sandbox, tenants, lines) == []

    assert sorted(lines) == ["foreign: 1 imported", "web-prod: 2 imported"]
    lines.clear()

    async def fails(database, _clouds, uuid, **options):
        if uuid == sandbox.tenant:
            raise CloudUnreachable("away")
        return await pull_tenant(database, sandbox.clouds, uuid, **options)

    monkeypatch.setattr(manual, "pull_tenant", fails)
    assert await pulled_now(sandbox, tenants, lines) == ["web-prod (failed)"]
    assert sorted(lines) == ["foreign: no changes", "web-prod: failed: away"]


async def test_too_many_missing_groups_stop_until_an_operator_confirms(sandbox):
    await many_missing(sandbox)
    tenant, lines = await the_tenant(sandbox), []

    assert await pulled_now(sandbox, [tenant], lines) == ["web-prod (stopped)"]

    assert "8 groups are missing" in lines[0]
    assert f"ringfence sync confirm {tenant.uuid.hex}" in lines[0]
    before = await fingerprint(sandbox)
    preview, marked = await manual.confirm_missing(sandbox.database, tenant, confirmed=False)
    assert (len(preview), marked) == (8, 0)
    assert preview[0]["name"] == "web-0"
    assert await fingerprint(sandbox) == before
    assert (await manual.confirm_missing(sandbox.database, tenant, confirmed=True))[1] == 8
    states = await sandbox.world.value(
        "SELECT string_agg(DISTINCT state, ',') FROM security_groups WHERE name LIKE 'web-%%'"
    )
    assert states == "ERRED"
    assert await manual.confirm_missing(sandbox.database, tenant, confirmed=True) == ([], 0)
    # The message of the stop is cleared with its cause.
    assert await sandbox.world.value("SELECT max(error_message) FROM tenants") == ""


async def test_the_guard_is_the_operators_to_choose(sandbox):
    await many_missing(sandbox)
    wide = MassRemovalGuard(count=8)
    done = await pull_tenant(
        sandbox.database, sandbox.clouds, sandbox.tenant, requested=False, guard=wide
    )
    assert done["missing"] == 8
    assert not MassRemovalGuard(5, 0.5).stops(6, 12)
    assert MassRemovalGuard(5, 0.5).stops(7, 12)
    assert not MassRemovalGuard(5, 0.5).stops(5, 5)


async def test_a_plan_reads_the_cloud_and_changes_nothing(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    assert (await plan_push(sandbox.database, uuid.hex)).lines() == [
        "nothing: the cloud has the desired rules"
    ]
    await open_in_the_cloud(sandbox, uuid)
    await sandbox.change_rules(uuid, [tcp(443), tcp(22)])
    before = await fingerprint(sandbox)

    planned = await plan_push(sandbox.database, uuid.hex)

    assert planned.lines() == [
        "+ in ipv4 tcp 443 10.0.0.0/8",
        "- in ipv4 tcp 80 0.0.0.0/0",
        "opens: in ipv4 tcp 443 10.0.0.0/8",
        "closes: in ipv4 tcp 80 0.0.0.0/0 (internet)",
        # No pull has read the ports yet.
        f"note: {MESSAGES[Note.GROUPS_UNKNOWN]}",
    ]
    rows = [(row["change"], row["from_port"], row["remote"]) for row in planned.rows()]
    assert rows == [
        *(("added", 443, "10.0.0.0/8"), ("removed", 80, "0.0.0.0/0")),
        *(("opens", 443, "10.0.0.0/8"), ("closes", 80, "0.0.0.0/0")),
    ]
    assert await fingerprint(sandbox) == before
    new = await sandbox.ask("new", [tcp(1)])
    assert (await plan_push(sandbox.database, str(new))).lines()[0] == "create the group"
    for bad in ("x", sandbox.tenant.hex):
        with pytest.raises(OperatorError):
            await plan_push(sandbox.database, bad)


async def test_the_default_mode_of_a_tenant_is_set_once_with_an_event(sandbox):
    tenant = await the_tenant(sandbox)
    assert await set_default_mode(sandbox.database, tenant, DriftMode.ENFORCE)
    assert not await set_default_mode(sandbox.database, tenant, DriftMode.ENFORCE)
    async with sandbox.database.connection() as connection:
        assert await default_mode(connection, tenant.id) is DriftMode.ENFORCE
    assert (await sandbox.events()).count("drift_mode_set") == 1
