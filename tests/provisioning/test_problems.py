import pytest
from tests.provisioning.example import EXAMPLE, small

TENANT = "customers[0].projects[0].tenants[0]"
GROUP = f"{TENANT}.security_groups[0]"
ONE, TWO = "1" * 32, "2" * 32


def rule(text: str) -> str:
    return small(f"[{{name: a, rules: [{{{text}}}]}}, {{name: db}}]")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            EXAMPLE.replace("cloud: east", "cloud: esat", 2).replace(
                "_cloud: esat", "_cloud: east"
            ),
            f"{TENANT}.cloud: no cloud is called 'esat'; did you mean 'east'?",
        ),
        (
            EXAMPLE.replace("user: alice", "user: carol"),
            "roles[0].user: no user is called 'carol'",
        ),
        (
            EXAMPLE.replace("project: Web", "project: Wbe"),
            "roles[0].project: no project is called 'Wbe'; did you mean 'Web'?",
        ),
        (
            EXAMPLE.replace("customer: Acme", "customer: Nobody"),
            "roles[1].customer: no customer is called 'Nobody'",
        ),
        # Whoever chooses a name must not divert references to another object.
        (
            EXAMPLE.replace("project: Web", f"project: {ONE}").replace(
                "projects:\n",
                f"projects:\n      - {{name: A, uuid: {ONE}}}\n      - {{name: '{ONE}'}}\n",
                1,
            ),
            f"roles[0].project: '{ONE}' is the name of one project and the UUID of another",
        ),
        (
            small(
                f"[{{name: a, rules: [{{protocol: tcp, remote_group: '{ONE}'}}]}},"
                f" {{name: db, uuid: {ONE}}}, {{name: '{ONE}'}}]"
            ),
            f"{GROUP}.rules[0].remote_group: '{ONE}' is the name of one security group and",
        ),
        (
            EXAMPLE.replace("role: PROJECT.ADMIN", "role: PROJECT.ADMINS"),
            "roles[0].role: 'PROJECT.ADMINS' is not allowed; did you mean 'PROJECT.ADMIN'?",
        ),
        (
            EXAMPLE.replace("PROJECT.ADMIN, project: Web", "PROJECT.ADMIN, customer: Acme"),
            "roles[0]: the role PROJECT.ADMIN needs the key 'project'",
        ),
        (
            EXAMPLE.replace("project: Web}", "project: Web, customer: Acme}"),
            "roles[0]: the role PROJECT.ADMIN belongs to a project; remove 'customer'",
        ),
        (
            EXAMPLE.replace("security_group_count: 100", "security_group_count: -2"),
            f"{TENANT}.quotas.security_group_count: should be in range [-1, 2147483647], found -2",
        ),
        (
            EXAMPLE.replace("backend: openstack", "backend: sandbox"),
            "clouds[0].openstack_cloud: is only for the backend openstack",
        ),
        (
            EXAMPLE.replace("    openstack_cloud: east\n", ""),
            "clouds[0].openstack_cloud: is missing: the cloud's entry in clouds.yaml",
        ),
        (
            EXAMPLE.replace("backend: openstack", "backend: openstack\n    firewall_driver: nft"),
            "clouds[0].firewall_driver: 'nft' is not allowed; allowed: ovn, openvswitch",
        ),
        (
            EXAMPLE.replace("backend: openstack", "backend: openstack\n    firewall_driver: ovs"),
            "clouds[0].firewall_driver: 'ovs' is not allowed; allowed: ovn, openvswitch",
        ),
        (
            EXAMPLE.replace("uuid: 5f0c0000000000000000000000000001", "uuid: 5f0c"),
            "clouds[0].uuid: '5f0c' is not a UUID: 32 hexadecimal digits, or the dashed form",
        ),
        (
            EXAMPLE.replace("created: 2025-11-26T10:00:00Z", "created: yesterday"),
            f"{GROUP}.created: 'yesterday' is not a time such as 2025-11-26T10:00:00Z",
        ),
        (
            EXAMPLE.replace("is_staff: false", "is_staff: no"),
            "users[0].is_staff: should be true or false",
        ),
        (
            "users: [{username: a, token: same}, {username: b, token: same}]",
            "users[1].token: belongs to another user (not shown here)",
        ),
        (
            "users: [{username: a}, {username: a, is_staff: true}, {username: a, is_staff: false}]",
            "users[2].is_staff: contradicts users[0].is_staff",
        ),
        (
            f"users: [{{username: a, uuid: {ONE}}}, {{username: b, uuid: {ONE}}}]",
            "users[1].username: contradicts users[0].username",
        ),
        (
            f"users: [{{username: a, uuid: {ONE}}}, {{username: a, uuid: {TWO}}}]",
            f"users[1].username: the user {ONE} is already called 'a'",
        ),
        (
            """
            customers: [{name: A, projects: [{name: W}]}, {name: B, projects: [{name: W}]}]
            users: [{username: u}]
            roles: [{user: u, role: PROJECT.ADMIN, project: W}]
            """,
            "roles[0].project: 2 projects are called 'W': give the UUID",
        ),
        (
            small("[{name: a}, {name: a}]"),
            f"{TENANT}.security_groups[1]: this security group is given twice, also at {GROUP}",
        ),
        (
            small("[{name: a, backend_id: x}, {name: b, backend_id: x}]"),
            f"{TENANT}.security_groups[1].backend_id: 'x' already belongs to the security group",
        ),
        (small("[{name: ' '}]"), f"{GROUP}.name: should not be empty"),
        (
            small(f"[{{name: {'x' * 151}}}]"),
            f"{GROUP}.name: should have at most 150 characters, found 151",
        ),
        (small("[{name: a, state: BROKEN}]"), f"{GROUP}.state: 'BROKEN' is not allowed"),
        (
            small("[{name: a, stat: OK}]"),
            f"{GROUP}.stat: there is no such key; did you mean 'state'",
        ),
        (rule("cidr: 10.0.0.0/33"), f"{GROUP}.rules[0].cidr: Expected CIDR format"),
        (rule(""), f"{GROUP}.rules[0]: is empty and would admit everything"),
        (rule("description: x"), f"{GROUP}.rules[0]: is empty and would admit"),
        (rule("cidr: 10/8"), f"{GROUP}.rules[0].cidr: Expected CIDR format"),
        (rule("ethertype: IPv6, cidr: 10.0.0.0/8"), f"{GROUP}.rules[0].cidr: IPv6 addresses are"),
        (
            rule("ethertype: ipv4"),
            f"{GROUP}.rules[0].ethertype: 'ipv4' is not allowed; did you mean",
        ),
        (rule("direction: in"), f"{GROUP}.rules[0].direction: 'in' is not allowed"),
        (rule("protocol: gre"), f"{GROUP}.rules[0].protocol: 'gre' is not allowed; allowed: tcp"),
        (rule("protocol: 256"), f"{GROUP}.rules[0].protocol: '256' is not allowed"),
        (
            rule("protocol: tcp, from_port: 9, to_port: 8"),
            f'{GROUP}.rules[0]: "from_port" should be',
        ),
        (
            rule("protocol: tcp, from_port: 0, to_port: 8"),
            f"{GROUP}.rules[0].from_port: Value should",
        ),
        (rule("protocol: tcp, to_port: 70000"), f"{GROUP}.rules[0].to_port: should be in range"),
        (rule("protocol: icmp, from_port: 256"), f"{GROUP}.rules[0].from_port: Value should be in"),
        (rule("from_port: 1, to_port: 1"), f"{GROUP}.rules[0].from_port: Port range is not supp"),
        (
            rule("remote_group: bd"),
            f"{GROUP}.rules[0].remote_group: no security group of this tenant",
        ),
        (
            rule("remote_group: db, cidr: 0.0.0.0/0"),
            f"{GROUP}.rules[0]: You can specify either the remote_group_id or cidr attribute",
        ),
        (
            rule("protocol: tcp}, {protocol: '6', cidr: 0.0.0.0/0"),
            f"{GROUP}.rules[1]: is the same rule as {GROUP}.rules[0]",
        ),
        (
            small("[]").replace("cloud: east\n", "cloud: east\n            openstack_cloud: x\n"),
            f"{TENANT}.openstack_cloud: is only for tenants of clouds with the backend openstack",
        ),
    ],
)
async def test_a_problem_has_its_path(problems, query, text: str, mistake: str):
    [line] = await problems(text)

    assert line.startswith(mistake)
    assert await query("SELECT 1 FROM users, clouds, customers, security_groups") == []


async def test_all_problems_are_reported_at_once_up_to_a_limit(problems):
    lines = await problems(f"users: [{', '.join('{name: a}' for _ in range(30))}]")

    assert lines[:2] == [
        "users[0].username: is missing",
        "users[0].name: there is no such key; did you mean 'username'?",
    ]
    assert len(lines) == 21
    assert lines[-1] == "and 40 more problems"


async def test_with_several_files_a_problem_names_its_file(problems, tmp_path):
    [line] = await problems("users: []", "clouds: [{name: a, backend: none}]")

    assert line.startswith(f"{tmp_path}/1.yaml: clouds[0].backend: 'none' is not allowed")


async def test_no_message_contains_a_token(problems):
    texts = (
        'users: [{username: a, token: "the secret"}]',
        "users: [{username: a, token: secret, is_staff: maybe}]",
        "users: [{username: a, token: secret}, {username: b, token: secret}]",
        "users: [{username: a, token: secret}, {username: a, token: other-secret}]",
    )
    for text in texts:
        assert "secret" not in "\n".join(await problems(text))


async def test_a_token_of_another_user_is_refused(load, problems):
    await load("users: [{username: a, token: secret}]")

    assert await problems("users: [{username: b, token: secret}]") == [
        "users[0].token: belongs to another user (not shown here)"
    ]


async def test_load_moves_nothing(load, problems):
    await load(EXAMPLE)

    assert await problems(
        "customers: [{name: B, projects: [{name: Web, uuid: d0000000000000000000000000000001}]}]"
    ) == ["customers[0].projects[0].uuid: this project has another parent; load does not move it"]


async def test_a_name_that_a_stored_row_has_is_refused(load, problems):
    await load(EXAMPLE)

    [line] = await problems(f"users: [{{username: alice, uuid: {ONE}}}]")

    assert line.endswith("the user 000000000000000000000000000000a1 is already called 'alice'")


async def test_a_name_that_is_not_unique_in_the_database_needs_the_uuid(load, problems):
    await load(f"customers: [{{name: A, uuid: {ONE}}}, {{name: A, uuid: {TWO}}}]")

    assert await problems("customers: [{name: A}]") == [
        "customers[0].name: 2 customers are called 'A': give the UUID"
    ]


async def test_a_project_of_the_cloud_is_one_tenants(load, problems):
    await load(EXAMPLE)
    text = "customers: [{name: B, projects: [{name: P, tenants: [{name: T, cloud: east, TEXT}]}]}]"

    [line] = await problems(text.replace("TEXT", "backend_id: 90e156078a9441db91eae242bc071c03"))

    assert line.startswith(f"{TENANT}.backend_id: the project '90e156078a9441db91eae")


async def test_a_problem_stores_nothing_of_any_file(problems, query):
    await problems("users: [{username: good}]", small("[{name: a, rules: [{remote_group: x}]}]"))

    assert await query("SELECT * FROM users") == []


@pytest.mark.parametrize("name", ["Default", "dEFAULT"])
async def test_default_in_another_case_is_refused(problems, query, name):
    assert await problems(small(f"[{{name: {name}}}]")) == [
        f"{GROUP}.name: '{name}' is not allowed: clouds refuse this spelling of 'default'"
    ]
    assert await query("SELECT * FROM security_groups") == []


async def test_the_default_group_can_be_described(load, query):
    await load(small("[{name: default}]"))

    assert await query("SELECT name FROM security_groups") == [("default",)]


async def test_a_protocol_of_ipv6_is_refused_with_ipv4(problems):
    words = '"58" (ipv6-icmp) is a protocol of IPv6 and does not exist in IPv4.'
    assert await problems(rule("protocol: 58")) == [f"{GROUP}.rules[0].protocol: {words}"]


async def test_a_description_is_no_longer_than_the_cloud_keeps(problems):
    assert await problems(rule(f"description: {'x' * 256}")) == [
        f"{GROUP}.rules[0].description: should have at most 255 characters, found 256"
    ]
