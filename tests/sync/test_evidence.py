"""Rows are bound to groups in the cloud by id or by evidence, never by name."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.lab.proxy import Cut
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_drift import set_mode
from tests.sync.test_pull import in_the_cloud, pull, push, pushed, uuid_of

from ringfence.errors import OperatorError
from ringfence.neutron.port import (
    AccessRefused,
    CloudGroup,
    CloudPort,
    CloudRule,
    CloudUnreachable,
    GiveUp,
    GroupNotFound,
    QuotaExceeded,
)
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.security_groups.cloud_state.bindings import CONTESTED
from ringfence.security_groups.states import DEFAULT_NOT_FOUND
from ringfence.sync.binding.adoption import adopt
from ringfence.sync.binding.evidence import CreationAttempt
from ringfence.sync.failures import explain
from ringfence.sync.push import delete_group
from ringfence.sync.push_plan import plan_push

GROUPS_PATH = "/v2.0/security-groups"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def refused_for_quota(place, monkeypatch, name="web", rules=()):
    """A creation that the cloud has refused."""
    uuid = await place.ask(name, rules=list(rules))

    async def refuse(_project, _name, _description, **_options):
        raise QuotaExceeded("Quota exceeded for resources: ['security_group'].")

    with monkeypatch.context() as patch:
        patch.setattr(place.cloud, "create_group", refuse)
        with pytest.raises(QuotaExceeded) as refused:
            await push(place, uuid)
    await give_up(place, uuid, str(refused.value))
    return uuid


async def give_up(place, uuid, message):
    async with place.database.transaction() as connection:
        await lifecycle.record_failure(connection, uuid, message, "")


async def strangers(place, name="web", *rules):
    """A group that another tool created, as the cloud returns it."""
    return await place.cloud.get_group(
        await in_the_cloud(place, name, *(rules or (cloud_tcp(22),)))
    )


async def untouched(place, *groups):
    return [await place.cloud.get_group(group.id) for group in groups] == list(groups)


async def test_a_group_that_another_tool_made_after_a_refused_creation_is_not_ours(
    place, monkeypatch
):
    uuid = await refused_for_quota(place, monkeypatch, rules=[tcp(443)])
    theirs = await strangers(place)

    done = await pull(place)

    state, backend_id, *_, message, name = await place.row(uuid)
    assert (state, backend_id, name) == ("ERRED", "", "web")
    assert message.startswith("Quota exceeded")
    assert f"{CONTESTED} ({theirs.id})" in message
    assert f"ringfence sync adopt {uuid.hex} BACKEND_ID" in message
    assert await place.rows(uuid) == [("tcp", 443, 443, "10.0.0.0/8")]
    assert await place.rows(await uuid_of(place, theirs.id)) == [("tcp", 22, 22, "10.0.0.0/8")]
    assert done["contested"] == 1
    assert (await place.events()).count("security_group_name_contested") == 1
    assert await untouched(place, theirs)
    assert await place.documents_are_fresh()


async def test_even_an_untouched_group_of_the_name_is_not_ours_after_a_refusal(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    theirs = await place.cloud.create_group(place.project, "web", "")

    await pull(place)

    assert (await place.row(uuid))[1] == ""
    assert await uuid_of(place, theirs.id) is not None


async def test_a_contested_name_is_reported_once_and_cleared_with_its_cause(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    loaded = await place.ask("db", state="OK", applied_version=1)
    theirs = [await strangers(place), await strangers(place, "db")]
    await pull(place)

    assert not any((await pull(place)).values())
    assert (await place.row(loaded))[0] == "ERRED"
    for group in theirs:
        await place.cloud.delete_group(group.id)
    await pull(place)

    assert (await place.row(uuid))[4] == "Quota exceeded for resources: ['security_group']."
    state, *_, message, _ = await place.row(loaded)
    assert (state, message) == ("OK", "")


async def test_deleting_a_refused_group_leaves_the_one_of_its_name_alone(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    theirs = await strangers(place)
    bare = await place.cloud.create_group(place.project, "web", "")
    await pull(place)
    await place.schedule(uuid, "DELETION_SCHEDULED")

    await delete_group(place.database, place.clouds, uuid)

    assert await place.row(uuid) is None
    assert await untouched(place, theirs, bare)


async def test_deleting_before_any_pull_leaves_the_one_of_its_name_alone(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    bare = await place.cloud.create_group(place.project, "web", "")
    await place.schedule(uuid, "DELETION_SCHEDULED")

    await delete_group(place.database, place.clouds, uuid)

    assert await untouched(place, bare)


async def test_two_groups_of_a_loaded_name_are_both_imported_and_neither_is_rewritten(place):
    uuid = await place.ask("web", [tcp(443)], state="OK", applied_version=1)
    await set_mode(place, uuid, "enforce")
    theirs = [await strangers(place), await strangers(place, "web", cloud_tcp(80))]

    await pull(place)
    await pull(place)

    state, backend_id, *_, message, _ = await place.row(uuid)
    assert (state, backend_id) == ("ERRED", "")
    assert all(group.id in message for group in theirs)
    assert None not in [await uuid_of(place, group.id) for group in theirs]
    assert await untouched(place, *theirs)


async def test_a_creation_that_was_given_up_is_recognised_when_it_arrives(neutron, neutron_proxy):
    neutron_proxy.fault("POST", "/security-groups", Cut(after=True))
    uuid = await neutron.ask(rules=[tcp(443)])
    with pytest.raises(CloudUnreachable):
        await push(neutron, uuid)
    await give_up(neutron, uuid, "The cloud did not respond in time.")
    theirs = await strangers(neutron)

    await pull(neutron)

    ours = {group.id for group in await neutron.cloud.list_groups(neutron.project, name="web")}
    assert {(await neutron.row(uuid))[1]} == ours - {theirs.id}
    assert await untouched(neutron, theirs)


async def test_an_unknown_creation_has_no_outcome_any_more_after_a_while(place):
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    columns = {"creation_started": long_ago, "creation_ended": long_ago + timedelta(minutes=2)}
    uuid = await place.ask("web", state="ERRED", **columns)
    theirs = await place.cloud.create_group(place.project, "web", "")

    await pull(place)
    await place.schedule(uuid, "UPDATE_SCHEDULED")
    await push(place, uuid)

    assert (await place.row(uuid))[1] not in {"", theirs.id}
    assert await untouched(place, theirs)


FIRST = tuple(CloudRule(ethertype, "egress") for ethertype in ("IPv4", "IPv6"))


@pytest.mark.parametrize(
    ("changes", "may_be"),
    [
        ({}, True),
        ({"created_at": NOW + timedelta(minutes=11)}, True),
        ({"name": "other"}, False),
        ({"description": "another tool's"}, False),
        ({"rules": (*FIRST, cloud_tcp(22))}, False),
        ({"rules": ()}, False),
        ({"created_at": NOW - timedelta(minutes=1)}, False),
        ({"created_at": NOW + timedelta(minutes=13)}, False),
        ({"revision_number": 2}, False),
        ({"revision_number": 0}, True),
        ({"tags": ("owner",)}, False),
        ({"stateful": True}, True),
        ({"stateful": False}, False),
        ({"revision_number": 0, "updated_at": NOW + timedelta(seconds=1)}, True),
        ({"revision_number": 0, "updated_at": NOW + timedelta(seconds=2)}, False),
    ],
)
def test_evidence_is_everything_that_the_cloud_reports_of_a_group(changes, may_be):
    values = {"name": "web", "description": "ours", "rules": FIRST, "created_at": NOW} | changes
    values = {"revision_number": 1} | values
    found = CloudGroup(id="1", project_id="p", **values)
    attempt = CreationAttempt("web", "ours", NOW, NOW + timedelta(minutes=2))
    assert attempt.may_have_created(found) is may_be


async def test_the_default_group_is_neutrons_one_of_the_project(place):
    uuid = await place.ask("default", state="OK", applied_version=1)

    await pull(place)

    found = await place.cloud.list_groups(place.project, name="default")
    assert [group.id for group in found] == [(await place.row(uuid))[1]]
    assert await place.world.value("SELECT count(*) FROM security_groups") == 1


async def test_a_group_in_another_project_is_neither_pushed_nor_deleted(place):
    other = await place.cloud.create_group("f" * 32, "web", "")
    uuid = await place.ask("web", [tcp(443)], backend_id=other.id)

    with pytest.raises(GiveUp, match="belongs to the project f"):
        await push(place, uuid)
    await place.world.execute("UPDATE security_groups SET state = 'DELETION_SCHEDULED'")
    with pytest.raises(GiveUp, match="belongs to the project f"):
        await delete_group(place.database, place.clouds, uuid)

    assert await untouched(place, other)


async def test_adopting_takes_the_imported_group_and_changes_nothing_in_the_cloud(
    place, monkeypatch
):
    uuid = await refused_for_quota(place, monkeypatch, rules=[tcp(443)])
    theirs = await strangers(place)
    await pull(place)
    imported = await uuid_of(place, theirs.id)
    referring = await place.ask("app", backend_id="x", state="OK", applied_version=1)
    await place.world.execute(
        "INSERT INTO security_group_rules (security_group_id, position, ethertype, direction,"
        " protocol, remote_group_id) SELECT app.id, 0, 'IPv4', 'ingress', 'tcp', web.id"
        " FROM security_groups app, security_groups web WHERE app.uuid = %s AND web.uuid = %s",
        referring,
        imported,
    )

    lines = await adopt(place.database, uuid.hex, theirs.id)

    assert lines[0] == f"web {uuid.hex} is the cloud's group {theirs.id} from now on"
    assert imported.hex in lines[1]
    assert "1 desired rules are missing in the cloud, 1 rules are unexpected there" in lines[2]
    state, backend_id, *_ = await place.row(uuid)
    assert (state, backend_id) == ("ERRED", theirs.id)
    assert await place.row(imported) is None
    assert await place.world.value(
        "SELECT remote.uuid FROM security_groups app JOIN security_group_rules rule"
        " ON rule.security_group_id = app.id JOIN security_groups remote"
        " ON remote.id = rule.remote_group_id WHERE app.uuid = %s",
        referring,
    ) == (uuid)
    await pull(place)
    assert await place.rows(uuid) == [("tcp", 443, 443, "10.0.0.0/8")]
    assert await untouched(place, theirs)
    assert "security_group_bound" in await place.events()
    assert await place.documents_are_fresh()


async def test_adopting_an_equal_group_makes_it_well(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch, rules=[tcp(22)])
    theirs = await strangers(place)

    lines = await adopt(place.database, uuid.hex, theirs.id)

    assert lines[-1] == "the cloud has what is desired"
    assert (await place.row(uuid))[:5] == ("OK", theirs.id, 1, 1, "")


async def test_what_cannot_be_adopted_is_refused_in_words(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    known = await pushed(place, "known")
    foreign = await place.cloud.create_group("f" * 32, "web", "")
    default = (await place.cloud.list_groups(place.project, name="default"))[0]
    before = await place.world.value("SELECT md5(string_agg(g::text, '')) FROM security_groups g")

    for group, backend_id, words in (
        (uuid, foreign.id, "belongs to the project f"),
        (uuid, "00000000-0000-0000-0000-000000000000", "has no security group"),
        (uuid, (await place.row(known))[1], "which a user has changed"),
        (uuid, default.id, "only the group default"),
        (known, default.id, "only the group default"),
        *((uuid, no_id, "is not the id") for no_id in ("", "../ports/1", "a/b", "a\nb", "x" * 256)),
    ):
        with pytest.raises(OperatorError, match=words):
            await adopt(place.database, group.hex, backend_id)

    assert before == await place.world.value(
        "SELECT md5(string_agg(g::text, '')) FROM security_groups g"
    )


async def test_the_remedies_of_the_guide_do_not_change_another_tools_group(neutron, lab):
    """Neutron refuses a creation for the quota, beside another tool's group; delete and create."""
    lab.set_quota(neutron.project, groups=1)
    await neutron.cloud.list_groups(neutron.project)
    uuid = await neutron.ask("web", [tcp(443)])
    with pytest.raises(QuotaExceeded) as refused:
        await push(neutron, uuid)
    await give_up(neutron, uuid, str(refused.value))
    lab.set_quota(neutron.project)
    theirs = await strangers(neutron)
    path = f"/v2.0/security-groups/{theirs.id}"
    before = lab.neutron("GET", path)

    await pull(neutron)
    await neutron.schedule(uuid, "DELETION_SCHEDULED")
    await delete_group(neutron.database, neutron.clouds, uuid)
    again = await pushed(neutron, "web-2", [tcp(443)])
    await pull(neutron)

    assert lab.neutron("GET", path) == before
    assert (await neutron.row(again))[0] == "OK"
    assert len(await neutron.keys(again)) == 1


async def unanswered(place, monkeypatch, name="web", rules=(), **columns):
    """A creation without a response and without effect."""
    uuid = await place.ask(name, rules=list(rules), **columns)

    async def be_silent(_project, _name, _description, **_options):
        raise CloudUnreachable("The cloud did not respond in time.")

    with monkeypatch.context() as patch:
        patch.setattr(place.cloud, "create_group", be_silent)
        with pytest.raises(CloudUnreachable):
            await push(place, uuid)
    return uuid


async def a_changed(place, _lab, name):
    """A group like a new one: a rule was added and removed."""
    found = await place.cloud.create_group(place.project, name, "")
    [rule] = await place.cloud.create_rules(place.project, found.id, [cloud_tcp(22)])
    await place.cloud.delete_rule(rule.id)
    return found.id


async def a_stateless(place, lab, name):
    values = {"project_id": place.project, "name": name, "description": "", "stateful": False}
    return lab.neutron("POST", GROUPS_PATH, {"security_group": values})["security_group"]["id"]


async def a_tagged(place, lab, name):
    found = await place.cloud.create_group(place.project, name, "")
    lab.neutron("PUT", f"{GROUPS_PATH}/{found.id}/tags", {"tags": ["owner=terraform"]})
    return found.id


async def a_carried(place, lab, name):
    found = await place.cloud.create_group(place.project, name, "")
    lab.make_port(lab.make_network(place.project), place.project, [found.id])
    return found.id


STRANGERS = [a_changed, a_stateless, a_tagged, a_carried]


@pytest.mark.parametrize("make", STRANGERS)
async def test_another_tools_group_of_the_same_period_is_neither_bound_nor_changed(
    neutron, lab, monkeypatch, make
):
    uuid = await unanswered(neutron, monkeypatch, rules=[tcp(8443)])
    group_id = await make(neutron, lab, "web")
    before = lab.neutron("GET", f"{GROUPS_PATH}/{group_id}")

    await push(neutron, uuid)

    state, backend_id, *_ = await neutron.row(uuid)
    assert (state, backend_id != group_id) == ("OK", True)
    assert lab.neutron("GET", f"{GROUPS_PATH}/{group_id}") == before


@pytest.mark.parametrize("make", STRANGERS)
async def test_another_tools_group_after_giving_up_is_imported_and_not_bound(
    neutron, lab, monkeypatch, make
):
    uuid = await unanswered(neutron, monkeypatch, rules=[tcp(8443)])
    await give_up(neutron, uuid, "The cloud did not respond in time.")
    group_id = await make(neutron, lab, "web")
    before = lab.neutron("GET", f"{GROUPS_PATH}/{group_id}")

    await pull(neutron)

    assert (await neutron.row(uuid))[1] == ""
    assert await uuid_of(neutron, group_id) is not None
    assert lab.neutron("GET", f"{GROUPS_PATH}/{group_id}") == before


async def test_deleting_after_a_creation_without_a_response_deletes_nothing_by_evidence(
    place, monkeypatch
):
    uuid = await unanswered(place, monkeypatch)
    await give_up(place, uuid, "The cloud did not respond in time.")
    bare = await place.cloud.create_group(place.project, "web", "")
    await place.schedule(uuid, "DELETION_SCHEDULED")

    await delete_group(place.database, place.clouds, uuid)
    message = await place.world.value("SELECT message FROM events ORDER BY id DESC LIMIT 1")
    await pull(place)

    assert await place.row(uuid) is None
    assert await untouched(place, bare)
    assert bare.id in message
    assert await uuid_of(place, bare.id) is not None


async def test_a_creation_with_a_response_has_no_late_duplicate(place, monkeypatch):
    uuid = await place.ask(rules=[tcp(443)])

    async def fail(_project, _group, _rules):
        raise CloudUnreachable("The cloud did not respond in time.")

    with monkeypatch.context() as patch:
        patch.setattr(place.cloud, "create_rules", fail)
        with pytest.raises(CloudUnreachable):
            await push(place, uuid)
    theirs = await place.cloud.create_group(place.project, "web", "")

    await push(place, uuid)

    assert (await place.row(uuid))[0] == "OK"
    assert await untouched(place, theirs)


@pytest.mark.parametrize("make", STRANGERS)
async def test_another_tools_group_is_no_late_duplicate(neutron, neutron_proxy, lab, make):
    neutron_proxy.fault("POST", "/security-groups", Cut(after=True))
    uuid = await neutron.ask(rules=[tcp(443)])
    with pytest.raises(CloudUnreachable):
        await push(neutron, uuid)
    # A little younger: the oldest is used.
    await asyncio.sleep(1.1)
    group_id = await make(neutron, lab, "web")
    before = lab.neutron("GET", f"{GROUPS_PATH}/{group_id}")

    await push(neutron, uuid)

    assert (await neutron.row(uuid))[0] == "OK"
    assert lab.neutron("GET", f"{GROUPS_PATH}/{group_id}") == before


async def test_without_readable_ports_no_group_is_known_to_be_unused(place, monkeypatch):
    uuid = await unanswered(place, monkeypatch)
    bare = await place.cloud.create_group(place.project, "web", "")

    async def refuse(_project):
        raise AccessRefused("The credentials may not read ports.")

    monkeypatch.setattr(place.cloud, "list_ports", refuse)
    await push(place, uuid)

    assert (await place.row(uuid))[1] != bare.id
    assert await untouched(place, bare)


async def test_a_port_whose_groups_are_not_known_may_have_any_group(sandbox, monkeypatch):
    uuid = await unanswered(sandbox, monkeypatch)
    bare = await sandbox.cloud.create_group(sandbox.project, "web", "")

    async def unreadable(project):
        return [CloudPort("p1", project, "", "", "", (), None, 1)]

    monkeypatch.setattr(sandbox.cloud, "list_ports", unreadable)
    await push(sandbox, uuid)

    assert (await sandbox.row(uuid))[1] != bare.id
    assert await untouched(sandbox, bare)


async def test_what_was_taken_by_evidence_is_named_by_an_event(place, monkeypatch):
    uuid = await unanswered(place, monkeypatch)
    await give_up(place, uuid, "The cloud did not respond in time.")
    late = await place.cloud.create_group(place.project, "web", "")

    await pull(place)

    assert (await place.row(uuid))[1] == late.id
    assert late.id in await place.world.value(
        "SELECT message FROM events WHERE event_type = 'openstack_security_group_bound'"
    )


@pytest.mark.parametrize("is_marked", [False, True])
async def test_a_default_group_that_neutron_recreated_is_bound_to_the_same_row(
    place, request, is_marked
):
    await pull(place)
    [old] = await place.cloud.list_groups(place.project, name="default")
    uuid = await uuid_of(place, old.id)
    if is_marked:
        message = DEFAULT_NOT_FOUND
        await place.world.execute(
            "UPDATE security_groups SET state = 'ERRED', error_message = %s", message
        )
    if "sandbox" in request.node.callspec.id:
        await place.world.execute("DELETE FROM sandbox_groups WHERE id = %s", UUID(old.id))
    else:
        request.getfixturevalue("lab").neutron("DELETE", f"{GROUPS_PATH}/{old.id}")

    await pull(place)

    [new] = await place.cloud.list_groups(place.project, name="default")
    assert new.id != old.id
    assert (await place.row(uuid))[:5] == ("OK", new.id, 1, 1, "")
    assert await place.world.value("SELECT count(*) FROM security_groups") == 1
    assert await place.rows(uuid) != []
    assert (await place.events()).count("security_group_bound") == 1
    assert await place.documents_are_fresh()


async def test_what_a_default_group_says_names_nothing_that_neutron_refuses(place):
    uuid = await place.ask("default", backend_id=str(uuid4()), state="UPDATE_SCHEDULED")
    with pytest.raises(GroupNotFound) as refused:
        await push(place, uuid)
    said = explain(refused.value, "push_group")
    assert said == DEFAULT_NOT_FOUND
    assert not {"delete", "rename", "set its rules"} & set(said.lower().split())


async def test_a_plan_of_a_contested_group_names_the_other_one(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch)
    theirs = await strangers(place)
    await pull(place)

    first, second, *_ = (await plan_push(place.database, uuid.hex)).lines()

    assert first.startswith(f"{CONTESTED} ({theirs.id})")
    assert second == "create the group"


async def test_rolling_a_contested_group_back_creates_it_beside_the_other(place, monkeypatch):
    uuid = await refused_for_quota(place, monkeypatch, rules=[tcp(443)])
    theirs = await strangers(place)
    await pull(place)
    # What a rollback to the present version schedules, in either contract
    await place.schedule(uuid, "UPDATE_SCHEDULED")

    await push(place, uuid)

    state, backend_id, *_ = await place.row(uuid)
    assert (state, backend_id != theirs.id) == ("OK", True)
    assert await untouched(place, theirs)
