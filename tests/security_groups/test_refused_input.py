"""Each entry of the table refuses its example, with its words at its field, and nothing less."""

from string import Formatter

import pytest

from ringfence.errors import Invalid
from ringfence.security_groups.rule_input.refused_input import TABLE, is_name_of_default_group
from ringfence.security_groups.schemas import clean_creation

KNOWN = {"a" * 32}


def said_of(refusal, example):
    """Give what the validation says of a group, or of a rule where the entry is about rules."""
    body = {"name": "web", "rules": [example]} if refusal.about == "rule" else example
    try:
        clean_creation(body, KNOWN)
    except Invalid as error:
        detail = error.detail
        return detail["rules"][0] if refusal.about == "rule" else detail
    return {}


def starts(message):
    """Give the message up to its first value."""
    return next(Formatter().parse(message))[0]


@pytest.mark.parametrize("refusal", TABLE, ids=lambda entry: f"{entry.field} {entry.condition}")
def test_an_entry_refuses_its_example_and_takes_the_other(refusal):
    said = said_of(refusal, refusal.refused)
    assert list(said) == [refusal.field]
    (message,) = said[refusal.field]
    assert message.startswith(starts(refusal.message))
    assert said_of(refusal, refusal.accepted) == {}


def test_no_entry_says_less_than_the_others():
    for refusal in TABLE:
        assert refusal.condition
        assert refusal.source
        assert refusal.about in {"group", "rule"}


def test_the_name_of_the_default_group_is_compared_as_neutron_does():
    assert all(map(is_name_of_default_group, ("default", "DEFAULT", "dEfAuLt")))
    # Neutron takes these: it lower-cases, and neither trims nor normalises.
    assert not any(map(is_name_of_default_group, ("", " default", "default\n", "d\u00e9fault")))
