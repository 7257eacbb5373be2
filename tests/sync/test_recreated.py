"""The plan of a group that is missing in the cloud says what is lost."""

from tests.sync.conftest import tcp
from tests.sync.test_pull import pull, push, pushed

from ringfence.access.scope import Scope
from ringfence.security_groups import queries
from ringfence.sync.dry_run import dry_run
from ringfence.sync.plan import GROUP_RECREATED
from ringfence.sync.push_plan import plan_push

HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"}


async def plan(place, uuid, *rules):
    group = await queries.get(
        place.database, Scope(everything=True, customers=[], projects=[]), uuid
    )
    return (await dry_run(place.database, group, list(rules))).document("")


async def test_both_plans_say_that_a_missing_group_is_created_again(place):
    uuid = await pushed(place, rules=[tcp(22)])
    before = (await place.row(uuid))[1]
    await place.cloud.delete_group(before)
    early = (await plan_push(place.database, uuid.hex)).lines()
    await pull(place)

    shown = await plan(place, uuid, HTTPS)
    lines = (await plan_push(place.database, uuid.hex)).lines()

    assert shown["notices"] == [{"code": "group_created_anew", "message": GROUP_RECREATED}]
    assert shown["calls"] == 2
    assert [rule["from_port"] for rule in shown["added"]] == [443]
    assert early[0].startswith(
        f"nothing yet: a pull marks the group as not found. {GROUP_RECREATED}"
    )
    assert lines[:3] == [
        f"create the group. {GROUP_RECREATED}",
        "+ in ipv4 tcp 22 10.0.0.0/8",
        "opens: in ipv4 tcp 22 10.0.0.0/8",
    ]
    # The push does what the plan says.
    await place.world.execute("UPDATE security_groups SET applied_version = 0")
    await place.change_rules(uuid, [tcp(443)])
    await push(place, uuid)
    assert (await place.row(uuid))[1] not in {"", before}


async def test_a_plan_of_an_existing_group_has_no_notice(place):
    uuid = await pushed(place, rules=[tcp(22)])

    shown = await plan(place, uuid, HTTPS)

    assert (shown["notices"], shown["calls"]) == ([], 2)
