"""The text for the remote of a rule, in every form in which the API returns it."""

import pytest
from tests.browser.modules import base

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESCRIBE = """async ([base, rules]) => {
    const { remoteText } = await import(`${base}rules/text.js`);
    const { rowOf, bodyOf, newRow } = await import(`${base}rules/rows.js`);
    return rules.map(rule => {
        const row = rowOf(rule);
        const copy = newRow({ ...row, id: undefined });
        return { ...remoteText(rule), sent: bodyOf(row), copied: bodyOf(copy) };
    });
}"""
RULE = {"id": 7, "ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "from_port": 22}
RULE |= {"to_port": 22, "cidr": None, "description": "", "remote_group": None}
URL = "http://localhost/api/openstack-security-groups/0123/"

KNOWN = [
    ({}, "all", "anywhere"),
    ({"cidr": ""}, "all", "anywhere"),
    ({"cidr": "0.0.0.0/0"}, "all", "anywhere"),
    ({"cidr": "::/0", "ethertype": "IPv6"}, "all", "anywhere"),
    ({"cidr": "10.0.0.0/8"}, "cidr", "10.0.0.0/8"),
    ({"cidr": "10.0.0.0/8", "remote_group_name": ""}, "cidr", "10.0.0.0/8"),
    ({"remote_group": URL, "remote_group_name": "web"}, "group", "web"),
    ({"remote_group": URL, "remote_group_name": ""}, "group", "group 0123"),
    ({"remote_group": URL}, "group", "group 0123"),
]
UNKNOWN = [
    ({"remote_address_group_backend_id": "ag"}, "address group ag"),
    ({"remote_address_group_backend_id": ""}, "an address group"),
    (
        {"remote_address_group_backend_id": "ag", "remote_group_name": "address group ag"},
        "address group ag",
    ),
    ({"remote_group_name": "address group ag"}, "address group ag"),
    ({"remote_group_name": "shared"}, "shared"),
    ({"remote_group_name": "shared", "remote_group_backend_id": "b"}, "shared"),
    ({"remote_group_name": "", "remote_group_backend_id": "b"}, "b"),
    ({"remote_group_name": "", "remote_group_backend_id": ""}, "a group without a name"),
    ({"remote_group_name": ""}, "a group without a name"),
    ({"remote_group_name": "", "cidr": ""}, "a group without a name"),
    ({"remote_group_backend_id": "b"}, "b"),
    ({"remote_group_uuid": "0123"}, "0123"),
    # A type of remote that this release does not know.
    ({"remote_thing": "x"}, "a group without a name"),
]


@pytest.fixture
def describe(visit):
    async def describe(remotes):
        page = await visit("/console/", user=None)
        return await page.evaluate(DESCRIBE, [base(), [RULE | remote for remote in remotes]])

    return describe


async def test_a_known_remote_has_its_own_text(describe):
    found = await describe([end for end, _, _ in KNOWN])
    assert [(each["kind"], each["end"]) for each in found] == [(k, w) for _, k, w in KNOWN]
    assert not any("unknown" in each["meaning"] for each in found)


async def test_the_text_for_unknown_members_claims_nothing_about_access(describe):
    found = await describe([end for end, _ in UNKNOWN])
    assert [(each["kind"], each["end"]) for each in found] == [
        ("unknown", end) for _, end in UNKNOWN
    ]
    for each in found:
        assert each["meaning"].startswith("unknown members")
        text = f"{each['end']} {each['meaning']}"
        assert not any(word in text for word in ("anywhere", "nobody", "anybody", "every"))


async def test_a_rule_with_unknown_members_keeps_its_remote_when_sent_and_copied(describe):
    ends = [end for end, _ in UNKNOWN]
    for end, each in zip(ends, await describe(ends), strict=True):
        named = {key: value for key, value in end.items() if key.startswith("remote_")}
        for body in (each["sent"], each["copied"]):
            assert named.items() <= body.items()
            assert "cidr" not in body
        assert each["sent"]["id"] == 7
        assert "id" not in each["copied"]


OPENINGS = """async ([base, openings]) => {
    const { openText } = await import(`${base}rules/text.js`);
    return openText(openings);
}"""


async def test_what_is_open_is_called_ping_for_either_ether_type(visit):
    page = await visit("/console/", user=None)
    openings = [{"protocol": "icmp", "from_port": number, "to_port": 0} for number in (8, 128, 129)]
    assert await page.evaluate(OPENINGS, [base(), openings]) == ["ping", "echo reply"]
