"""The versions of a group's desired rules: list, retrieve, compare, roll back."""

import pytest
from tests.contract.paths import a_rule, group_at, to_group
from tests.contract.test_plan import a_row
from tests.contract.test_set_rules import rules_of, settle
from tests.factories.world import set_quotas

from ringfence.security_groups.history import queries, routes


def tcp(port, **values):
    return a_rule(from_port=port, to_port=port, **values)


async def set_rules(client, world, group, *rules):
    response = await client.post(group_at(group, "set_rules/"), json=list(rules))
    assert response.status_code == 200, response.text
    await settle(world)


async def versions(client, group, query=""):
    response = await client.get(group_at(group, f"versions/{query}"))
    assert response.status_code == 200, response.text
    return response.json()


async def roll_back(client, group, number, **headers):
    return await client.post(
        group_at(group, "rollback/"), json={"version": number}, headers=headers
    )


async def test_versions_are_listed_newest_first_with_author_cause_and_what_changed(client, world):
    group = await world.group(rules=[a_row(22)])
    await set_rules(client, world, group, tcp(22), tcp(80), tcp(443))
    await set_rules(client, world, group, tcp(80))
    found = [
        (each["number"], each["author"], each["cause"], each["rules_added"], each["rules_removed"])
        for each in await versions(client, group)
    ]
    assert found == [
        (3, "admin", "user", 0, 2),
        (2, "admin", "user", 2, 0),
        (1, None, "load", 1, 0),
    ]


async def test_versions_come_in_pages_as_other_lists_do(client, world):
    group = await world.group()
    for port in (1, 2, 3):
        await set_rules(client, world, group, tcp(port))
    response = await client.get(group_at(group, "versions/"), params={"page_size": 2})
    assert response.headers["X-Result-Count"] == "4"
    assert 'rel="next"' in response.headers["Link"]
    assert response.headers["ETag"] == '"v4"'
    # The oldest version of a page is compared with its predecessor on the next page.
    assert [(each["number"], each["rules_removed"]) for each in response.json()] == [(4, 1), (3, 1)]
    last = await client.get(group_at(group, "versions/"), params={"page_size": 2, "page": 3})
    assert last.status_code == 404


async def test_an_equivalent_rule_is_no_change_in_the_list(client, world):
    group = await world.group(rules=[a_row(22)])
    await set_rules(client, world, group, tcp(22, protocol="6", description="door"), tcp(80))
    newest, _ = await versions(client, group)
    assert (newest["rules_count"], newest["rules_added"], newest["rules_removed"]) == (2, 1, 0)


async def many_versions(world, group, count, size):
    """Insert versions of a group with a number of rules, each with a distinct description."""
    await world.execute(
        """
        INSERT INTO security_group_versions (
            security_group_id, number, cause, name, description, rules
        )
        SELECT sg.id, version.number, 'user', sg.name, '', (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'id', place, 'position', place, 'ethertype', 'IPv4', 'direction', 'ingress',
                    'protocol', 'tcp', 'from_port', place, 'to_port', place,
                    'cidr', format('10.%%s.0.0/16', version.number %% 250),
                    'description', repeat('d', 200), 'remote_group_id', NULL,
                    'unresolved_group_backend_id', NULL, 'unresolved_group_name', NULL,
                    'remote_address_group_backend_id', NULL
                )
            )
            FROM generate_series(1, %s) AS place
        )
        FROM security_groups AS sg
        CROSS JOIN generate_series(10, 9 + %s) AS version (number)
        WHERE sg.uuid = %s
        """,
        size,
        count,
        group,
    )


async def test_a_list_of_versions_takes_few_rules_from_the_database_however_many_there_are(
    client, world, monkeypatch
):
    group = await world.group()
    await many_versions(world, group, count=60, size=150)
    read = []
    of_stored = queries._rule  # noqa: SLF001 - work is counted
    monkeypatch.setattr(queries, "_rule", lambda *given: read.append(1) or of_stored(*given))
    found = await versions(client, group, "?page_size=300")
    assert len(found) == routes.PAGE_SIZE
    assert {each["rules_count"] for each in found} == {150}
    assert {(each["rules_added"], each["rules_removed"]) for each in found} == {(150, 150)}
    assert len(read) == 0
    await one_rule_more(world)
    newest = (await versions(client, group))[0]
    assert (newest["rules_added"], newest["rules_removed"]) == (1, 0)
    assert 0 < len(read) <= 10 * queries.MAX_COMPARED


async def one_rule_more(world):
    await world.execute(
        "INSERT INTO security_group_versions"
        " (security_group_id, number, cause, name, description, rules)"
        " SELECT security_group_id, number + 1, cause, name, description,"
        " rules || jsonb_build_array(jsonb_set(rules -> 0, '{cidr}', '\"192.0.2.0/24\"'))"
        " FROM security_group_versions ORDER BY number DESC LIMIT 1"
    )


async def test_a_version_shows_its_rules_and_one_that_never_was_is_not_found(client, world):
    group = await world.group(rules=[a_row(22, description="door")])
    await set_rules(client, world, group)
    shown = (await client.get(group_at(group, "versions/1/"))).json()
    assert [(rule["from_port"], rule["description"]) for rule in shown["rules"]] == [(22, "door")]
    for number in ("9", "x", "99999999999999999999", "-1"):
        missing = await client.get(group_at(group, f"versions/{number}/"))
        assert missing.status_code == 404, number


async def test_two_versions_are_compared_by_what_neutron_takes_for_one_rule(client, world):
    group = await world.group(rules=[a_row(22, description="old"), a_row(80)])
    await client.patch(group_at(group), json={"name": "new name"})
    await settle(world)
    await set_rules(client, world, group, tcp(22, protocol="6", description="new"), tcp(443))
    shown = (await client.get(group_at(group, "versions/3/"), params={"compare": 1})).json()
    assert [rule["from_port"] for rule in shown["added"]] == [443]
    assert [rule["from_port"] for rule in shown["removed"]] == [80]
    (described,) = shown["description_only"]
    assert (described["description_before"], described["description"]) == ("old", "new")
    assert shown["name"] == {"from": "web", "to": "new name"}
    bad = await client.get(group_at(group, "versions/3/"), params={"compare": "x"})
    assert bad.status_code == 400


async def test_a_rollback_is_an_ordinary_change(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    await set_rules(client, world, group, tcp(22), tcp(443))
    kept = (await rules_of(client, group))[0]["id"]

    response = await roll_back(client, group, 1)

    assert (response.status_code, response.json()) == (
        202,
        {"status": "Rollback was successfully scheduled."},
    )
    rules = await rules_of(client, group)
    assert [rule["from_port"] for rule in rules] == [22, 80]
    # A rule in both versions is kept.
    assert rules[0]["id"] == kept
    assert await world.one("SELECT state, version, applied_version FROM security_groups") == (
        "UPDATE_SCHEDULED",
        3,
        1,
    )
    assert (await versions(client, group))[0]["cause"] == "rollback"
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 2
    context = await world.value("SELECT context FROM events ORDER BY id DESC LIMIT 1")
    assert context == {
        "rules_before": 2,
        "rules_after": 2,
        "rolled_back_to": 1,
        "version": 3,
    }


async def test_the_present_version_is_pushed_again_without_a_new_version(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    await set_rules(client, world, group, tcp(22), tcp(443))
    before = await world.value("SELECT count(*) FROM procrastinate_jobs")

    assert (await roll_back(client, group, 2)).status_code == 202

    assert [each["number"] for each in await versions(client, group)] == [2, 1]
    state = "SELECT state, version FROM security_groups"
    assert await world.one(state) == ("UPDATE_SCHEDULED", 2)
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == before + 1
    last = "SELECT event_type, message, context FROM events ORDER BY id DESC LIMIT 1"
    kind, message, context = await world.one(last)
    assert (kind, context) == ("resource_push_scheduled", {"version": 2})
    assert message.endswith("push of the same rules has been scheduled.")


async def test_a_rollback_keeps_the_name(client, world):
    group = await world.group(rules=[a_row(22)])
    await client.patch(group_at(group), json={"name": "new name"})
    await settle(world)
    await roll_back(client, group, 1)
    assert (await client.get(group_at(group))).json()["name"] == "new name"


async def test_a_rule_whose_remote_group_is_gone_comes_back_by_its_backend_id(api, client, world):
    remote = await world.group("db", backend_id="db-at-neutron")
    group = await world.group()
    await set_rules(client, world, group, to_group(remote))
    await set_rules(client, world, group)
    assert (await api("staff").post(group_at(remote, "unlink/"))).status_code == 204

    assert (await roll_back(client, group, 2)).status_code == 202

    assert await world.one(
        "SELECT remote_group_id, unresolved_group_backend_id, unresolved_group_name"
        " FROM security_group_rules"
    ) == (None, "db-at-neutron", "db")
    (rule,) = await rules_of(client, group)
    assert rule["remote_group_name"] == "db"
    shown = (await client.get(group_at(group, "versions/2/"))).json()
    assert shown["rules"][0]["remote_group_backend_id"] == "db-at-neutron"


async def test_a_remote_group_that_is_known_again_is_named_again(api, client, world):
    remote = await world.group("db", backend_id="db-at-neutron")
    group = await world.group()
    await set_rules(client, world, group, to_group(remote))
    await set_rules(client, world, group)
    await api("staff").post(group_at(remote, "unlink/"))
    again = await world.group("db", backend_id="db-at-neutron")

    await roll_back(client, group, 2)

    (rule,) = await rules_of(client, group)
    assert rule["remote_group_uuid"] == again.hex


async def test_rules_of_a_version_from_before_remains_were_kept_never_turn_into_any(
    api, client, world
):
    remote = await world.group("db", backend_id="db-at-neutron")
    group = await world.group()
    await set_rules(client, world, group, to_group(remote))
    await set_rules(client, world, group)
    await api("staff").post(group_at(remote, "unlink/"))
    await world.execute("DELETE FROM deleted_security_groups")

    await roll_back(client, group, 2)

    assert await world.one(
        "SELECT unresolved_group_backend_id, unresolved_group_name FROM security_group_rules"
    ) == ("", "a deleted group")


@pytest.mark.parametrize(
    ("state", "status"), [("OK", 202), ("ERRED", 202), ("UPDATING", 409), ("DELETING", 409)]
)
async def test_a_group_goes_back_from_rest_and_from_failure(client, world, state, status):
    group = await world.group(state=state)
    assert (await roll_back(client, group, 1)).status_code == status


async def test_rollback_requires_the_current_version(client, world):
    group = await world.group()
    assert (await roll_back(client, group, 1, **{"If-Match": '"v2"'})).status_code == 412
    assert (await roll_back(client, group, 1, **{"If-Match": '"v1"'})).status_code == 202


async def test_the_body_of_a_rollback_is_validated(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    await set_rules(client, world, group)
    for body, status in [({}, 400), ({"version": "x"}, 400), ([], 400), ({"version": 9}, 404)]:
        response = await client.post(group_at(group, "rollback/"), json=body)
        assert response.status_code == status, body
    await set_quotas(world, security_group_rule_count=1)
    assert (await roll_back(client, group, 1)).status_code == 400


async def test_modes_of_drift_are_set_and_taken_back(client, world):
    group = await world.group()
    for sent, shown in (("enforce", "enforce"), ("report", "report"), (None, "adopt")):
        response = await client.post(group_at(group, "set_drift_mode/"), json={"mode": sent})
        assert response.status_code == 200
        drift = (await client.get(group_at(group, "drift/"))).json()
        assert (drift["mode"], drift["state"]) == (shown, "unknown")
    assert (
        await world.value(
            "SELECT count(*) FROM events WHERE event_type = 'openstack_drift_mode_set'"
        )
        == 3
    )
    for bad in ({}, {"mode": "x"}, {"mode": 1}, []):
        refused = await client.post(group_at(group, "set_drift_mode/"), json=bad)
        assert refused.status_code == 400, bad


async def test_who_may_read_sees_all_and_who_may_set_rules_may_change(api, world):
    group = await world.group()
    reads = ("versions/", "versions/1/", "drift/")
    found = {
        user: {(await api(user).get(group_at(group, path))).status_code for path in reads}
        for user in ("member", "unrelated", "support")
    }
    assert found == {"member": {200}, "unrelated": {404}, "support": {200}}
    changes = {"rollback/": {"version": 1}, "set_drift_mode/": {"mode": None}}
    for path, body in changes.items():
        for user, wanted in (("member", 403), ("unrelated", 404), ("support", 403)):
            response = await api(user).post(group_at(group, path), json=body)
            assert response.status_code == wanted, (user, path)
