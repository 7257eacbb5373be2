"""Messages that name neither what is allowed nor the present value have a hint; bodies stay."""

import json

import pytest

from ringfence.core_states import STATES
from ringfence.errors import Conflict, Invalid, Message
from ringfence.http.collections.filters import (
    Choices,
    Filter,
    Ordering,
    QueryParams,
    moment,
    read_filters,
    timestamp,
    uuid,
)
from ringfence.http.errors import error_response
from ringfence.http.fields import Boolean, Choice, FieldError, Hyperlink, Integer, Text
from ringfence.http.hints import header_of, hints_of
from ringfence.security_groups.rule_input.refused_input import TABLE
from ringfence.security_groups.schemas import RULE_FIELDS, clean_creation

GROUP = "/api/openstack-security-groups/"
UUID = "0c6b5a3e4f1d4c7e9a2b8d7f6e5c4b3a"
RULE = {"protocol": "tcp", "from_port": 22, "to_port": 22}


def hints_for(*rules):
    with pytest.raises(Invalid) as caught:
        clean_creation({"name": "web", "rules": [*rules]}, {"a" * 32})
    return hints_of(caught.value.detail)


@pytest.mark.parametrize(
    ("sent", "field", "hint"),
    [
        ({"protocol": "http"}, "protocol", 'Allowed: tcp, udp, icmp, "" for any protocol, or a'),
        ({"protocol": "TCP"}, "protocol", "Did you mean tcp?"),
        ({"protocol": None}, "protocol", "or a number from 0 to 255."),
        ({"ethertype": "ipv4"}, "ethertype", "Allowed: IPv4, IPv6. Did you mean IPv4?"),
        ({"direction": "in"}, "direction", "Allowed: ingress, egress."),
        ({"ethertype": "IPv6", "cidr": "10.0.0.0/8"}, "cidr", "set ethertype to IPv4."),
        ({"cidr": "2001:db8::/32"}, "cidr", "set ethertype to IPv6."),
        ({"to_port": None}, "to_port", "-1 in both for any port."),
        ({"from_port": "ssh"}, "from_port", "a port from 1 to 65535, or -1 in both ports"),
        ({"remote_group": UUID}, "remote_group", f"Send {GROUP}{UUID}/"),
        ({"remote_group": "web"}, "remote_group", f"as in {GROUP}UUID/."),
        ({"remote_group": f"{GROUP}{UUID}/"}, "remote_group", "a group of this tenant"),
        ({"protocol": ""}, "from_port", "Set protocol to tcp or udp, or send -1 in both ports."),
    ],
)
def test_a_wrong_value_in_a_rule_has_a_hint_with_what_is_allowed(sent, field, hint):
    assert hint in hints_for(RULE | sent)[field]


def test_a_port_alone_is_told_how_to_say_one_port_and_any():
    hint = "Send from_port and to_port: both the same for one port, -1 in both for any port."
    assert hints_for({"protocol": "tcp", "from_port": 22}) == {"to_port": hint}


def test_the_hint_for_duplicates_names_the_rule():
    hint = hints_for(RULE, RULE | {"description": "again"})["non_field_errors"]
    assert "ingress IPv4, protocol tcp, ports 22-22" in hint


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: f"{entry.field}: {entry.condition}")
def test_every_refusal_names_what_is_allowed_in_its_message_or_its_hint(entry):
    is_rule = entry.about == "rule"
    body = {"name": "web", "rules": [entry.refused]} if is_rule else entry.refused
    with pytest.raises(Invalid) as caught:
        clean_creation(body, {"a" * 32})
    [(field, hint)] = hints_of(caught.value.detail).items() or [(entry.field, "")]
    assert field == entry.field
    names_limit = any(words in entry.message for words in ("more than", "range [", "less than"))
    assert hint or names_limit
    assert entry.hint in hint


@pytest.mark.parametrize(
    "field",
    [
        Text(max_length=5),
        Choice(("a", "b")),
        Boolean(),
        Integer(1, 9),
        Hyperlink("x"),
        *RULE_FIELDS.values(),
    ],
    ids=lambda field: type(field).__name__,
)
def test_every_field_says_what_it_takes(field):
    for sent in (None, [], {}, True, "?"):
        message = refusal(field, sent)
        assert message is None or hints_of(message), (sent, message)


def refusal(field, sent):
    """Return the message of a field that does not take the value, else None."""
    try:
        field.clean(sent)
    except FieldError as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "sent", "hint"),
    [
        ("state", "ACTIVE", "Allowed: UPDATE_SCHEDULED, UPDATING, OK, ERRED"),
        ("state", "ok", "Did you mean OK?"),
        ("customer", "web", "Allowed: 32 hexadecimal digits"),
        ("since", "now", "2026-10-01T12:00:00Z"),
        ("from", "now", "Allowed: seconds since 1970."),
        ("text", "a\0b", "without U+0000"),
    ],
)
def test_a_wrong_filter_has_a_hint_with_what_is_allowed(name, sent, hint):
    filters = {
        "state": Choices("true", STATES),
        "customer": Filter("true", uuid),
        "since": Filter("true", moment),
        "from": Filter("true", timestamp),
        "text": Filter("true"),
    }
    with pytest.raises(Invalid) as caught:
        read_filters(QueryParams({name: sent}), filters)
    assert hint in hints_of(caught.value.detail)[name]


def test_a_wrong_ordering_has_a_hint_with_the_fields_that_can_be_named():
    with pytest.raises(Invalid) as caught:
        Ordering({"name": "a", "created": "b"}, "c").read(QueryParams({"o": "colour"}))
    assert hints_of(caught.value.detail) == {"o": "Allowed: created, name."}


def test_hints_are_in_a_header_and_leave_the_body_of_a_400_as_it_is():
    response = error_response(Invalid([{"protocol": [Message("No.", "Allowed: “tcp”.")]}, {}]))
    assert json.loads(response.body) == [{"protocol": ["No."]}, {}]
    header = response.headers["Ringfence-Hint"]
    assert header.isascii()
    assert json.loads(header) == {"protocol": "Allowed: “tcp”."}
    assert "Ringfence-Hint" not in error_response(Invalid({"name": ["No."]})).headers


def test_the_hint_of_a_conflict_is_in_the_body_and_in_the_header():
    response = error_response(Conflict("Valid states: OK.", hint="The group is UPDATING."))
    assert json.loads(response.body) == {
        "detail": "Valid states: OK.",
        "hint": "The group is UPDATING.",
    }
    assert json.loads(response.headers["Ringfence-Hint"]) == {"detail": "The group is UPDATING."}


def test_each_hint_occurs_once_and_a_header_stays_small():
    rules = [RULE | {"protocol": f"p{number}" * 20, "from_port": "x"} for number in range(5000)]
    hints = hints_for(*rules)
    assert set(hints) == {"protocol", "from_port"}
    assert hints["protocol"].count("Allowed") == 1
    many = [{"name": [Message("No.", f"{number}" * 60)]} for number in range(5000)]
    assert len(error_response(Invalid(many)).headers["Ringfence-Hint"]) < 2500


@pytest.mark.parametrize("text", ["é", "😀", '"', "\x1b"])
def test_a_header_stays_small_whatever_a_hint_quotes(text):
    hints = hints_of({f"{text}{number}": [Message("No.", text * 100)] for number in range(40)})
    assert hints
    assert len(header_of(hints)["Ringfence-Hint"]) < 3000
