"""What the list shows of a rule, and to whom."""

from tests.contract.paths import GROUPS, group_at

from ringfence.security_groups.rule_search.queries import RULES

SSH = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "from_port": 22}
SSH |= {"to_port": 22}


async def test_a_rule_is_shown_with_its_group_and_where_it_is(client, world):
    group = await world.group("web", rules=[SSH | {"cidr": "10.1.2.3/8", "description": "Ops"}])
    (rule,) = (await client.get(RULES.path)).json()
    (of_group,) = (await client.get(group_at(group))).json()["rules"]
    assert rule == of_group | {
        "remote_group_uuid": None,
        "remote_group_name": None,
        "internet": False,
        "security_group": f"http://api.example.com{GROUPS}{group.hex}/",
        "security_group_uuid": group.hex,
        "security_group_name": "web",
        "instance_count": None,
        "tenant_uuid": world.tenant_uuid.hex,
        "tenant_name": "web-prod",
        "project_uuid": world.project_uuid.hex,
        "project_name": "Web",
        "customer_uuid": world.customer_uuid.hex,
        "customer_name": "Acme",
    }


async def test_a_remote_end_is_shown_as_in_the_document_of_its_group(client, world):
    remote = await world.group("db")
    remote_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", remote)
    ends = [
        {"remote_group_id": remote_id},
        {"unresolved_group_backend_id": "x", "unresolved_group_name": "shared"},
        {"remote_address_group_backend_id": "y"},
    ]
    group = await world.group("web", rules=[SSH | end for end in ends])
    rules = (await client.get(RULES.path)).json()
    for rule, shown in zip(rules, (await client.get(group_at(group))).json()["rules"], strict=True):
        ends_of = ("remote_group", "remote_group_name", "remote_group_uuid")
        assert [rule[key] for key in ends_of] == [shown.get(key) for key in ends_of]
        assert rule["internet"] is False
    assert [rule["remote_group_name"] for rule in rules] == ["db", "shared", "address group y"]


async def test_a_rule_outside_the_scope_exists_for_nobody_but_staff(api, world):
    rule = SSH | {"description": "a foreign secret"}
    await world.group("foreign", tenant_id=world.foreign_tenant_id, rules=[rule])
    for user in ("admin", "owner", "member", "unrelated"):
        for query in ("", "?description=secret", f"?tenant_uuid={world.foreign_tenant_uuid.hex}"):
            response = await api(user).get(RULES.path + query)
            assert (response.json(), response.headers["x-result-count"]) == ([], "0")
    assert len((await api("staff").get(RULES.path)).json()) == 1
    assert (await api(None).get(RULES.path)).status_code == 401


async def test_members_of_an_address_group_are_admitted(api, world):
    await world.execute(
        "INSERT INTO cloud_address_groups (tenant_id, backend_id, addresses, observed_at)"
        " VALUES (%s, 'ours', '{10.0.0.0/8, no prefix}', now()),"
        " (%s, 'theirs', '{10.9.0.0/16}', now())",
        world.tenant_id,
        world.foreign_tenant_id,
    )
    ends = [{"remote_address_group_backend_id": name} for name in ("ours", "theirs")]
    await world.group("web", rules=[SSH | end for end in ends])

    async def found(user, address):
        rules = (await api(user).get(RULES.path, params={"admits": address})).json()
        return [rule["remote_group_name"] for rule in rules]

    assert await found("admin", "10.9.1.1") == ["address group ours"]
    assert await found("staff", "10.9.1.1") == ["address group ours", "address group theirs"]
    assert await found("admin", "11.0.0.1") == []


async def test_selected_fields_and_a_conditional_read_are_those_of_all_lists(client, world):
    await world.group("web", rules=[SSH])
    response = await client.get(RULES.path, params={"field": ["cidr", "internet"]})
    assert response.json() == [{"cidr": None, "internet": True}]
    tag = response.headers["ETag"]
    again = await client.get(
        RULES.path, params={"field": ["cidr", "internet"]}, headers={"If-None-Match": tag}
    )
    assert again.status_code == 304
