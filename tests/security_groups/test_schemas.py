"""Parsing rules: stored rules are kept, and unresolved remote ends stay."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import Invalid
from ringfence.security_groups.rule_input.remote_ends import known_ends_of
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.schemas import (
    clean_creation,
    clean_rules,
    clean_update,
    remote_group_uuids,
)

DB = "d" * 32
DB_URL = f"/api/openstack-security-groups/{DB}/"
DELETED = UnresolvedEnd(group_backend_id="b", group_name="deleted")
STORED = {
    1: RuleRequest(Rule(protocol="tcp", from_port=22, to_port=22, cidr="10.0.0.0/8"), 1),
    2: RuleRequest(Rule(), 2, DELETED),
    3: RuleRequest(Rule(remote_group=DB), 3),
    4: RuleRequest(Rule(), 4, UnresolvedEnd(address_group_backend_id="a")),
}
ANY_PORT = {"from_port": -1, "to_port": -1}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(DB_URL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    *("ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "description"),
    *("remote_group", "id", "remote_group_name"),
]


KNOWN = known_ends_of(list(STORED.values()))


def clean(*rules):
    return clean_rules(list(rules), {DB}, STORED, KNOWN)


def test_any_port_is_minus_one_in_requests_and_none_in_rules():
    (request,) = clean(ANY_PORT | {"cidr": "10.0.0.0/8"})
    assert (request.rule.from_port, request.rule.to_port) == (None, None)


def test_only_an_id_keeps_the_stored_rule():
    assert clean(*({"id": rule_id} for rule_id in STORED)) == list(STORED.values())


def test_the_order_is_that_of_the_body():
    assert [request.id for request in clean({"id": 3}, {"id": 1})] == [3, 1]


@pytest.mark.parametrize(
    "sent", [{}, {"remote_group": None}, {"remote_group": ""}, {"cidr": None}, {"cidr": ""}]
)
@pytest.mark.parametrize(("rule_id", "name"), [(2, "deleted"), (4, "address group a")])
def test_sending_back_a_rule_keeps_its_unresolved_end(sent, rule_id, name):
    (request,) = clean({"id": rule_id, "remote_group_name": name} | sent)
    assert request.unresolved == STORED[rule_id].unresolved


@pytest.mark.parametrize("sent", [{"cidr": "10.0.0.0/8"}, {"remote_group": DB_URL}])
def test_another_remote_end_replaces_an_unresolved_one(sent):
    (request,) = clean({"id": 2} | sent)
    assert request.unresolved is None
    assert request.rule.cidr or request.rule.remote_group


def test_a_stored_remote_group_excludes_a_cidr():
    with pytest.raises(Invalid, match="not both"):
        clean({"id": 3, "cidr": "10.0.0.0/8"})
    (request,) = clean({"id": 3, "cidr": "10.0.0.0/8", "remote_group": None})
    assert request.rule == Rule(cidr="10.0.0.0/8")


def test_rules_with_unresolved_ends_are_not_duplicates_of_open_rules():
    assert len(clean({"id": 2}, {"id": 4}, ANY_PORT | {"cidr": "0.0.0.0/0"})) == 3


def test_two_rules_with_one_unresolved_end_are_duplicates():
    stored = STORED | {5: RuleRequest(Rule(description="again"), 5, DELETED)}
    with pytest.raises(Invalid, match="Duplicate"):
        clean_rules([{"id": 2}, {"id": 5}], {DB}, stored, KNOWN)


def test_remote_groups_are_collected_from_any_body():
    body = [{"remote_group": DB_URL}, {"remote_group": "x"}, {"remote_group": 5}, 7, {}]
    assert remote_group_uuids(body) == {DB}
    assert remote_group_uuids({"remote_group": DB_URL}) == set()
    assert remote_group_uuids(None) == set()


@given(JSON)
def test_any_json_is_parsed_or_refused(body):
    for attempt in (
        lambda: clean_rules(body, {DB}, STORED, KNOWN),
        lambda: clean_creation(body, {DB}),
        lambda: clean_update(body, partial=True),
    ):
        with suppress(Invalid):
            attempt()


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON | st.integers(1, 4)), max_size=3))
def test_a_rule_never_loses_its_remote_end_without_an_error(body):
    try:
        requests = clean_rules(body, {DB}, STORED, KNOWN)
    except Invalid:
        return
    for request in requests:
        rule = request.rule
        ends = [bool(rule.cidr), bool(rule.remote_group), request.unresolved is not None]
        assert sum(ends) <= 1
        if request.id in {2, 4}:
            assert sum(ends) == 1
