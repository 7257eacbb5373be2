"""Each entry of the table refuses its example, with its message at its field."""

from string import Formatter

import pytest

from ringfence.errors import Invalid
from ringfence.security_groups.rule_input.refused_input import TABLE, is_name_of_default_group
from ringfence.security_groups.schemas import clean_creation

KNOWN = {"a" * 32}


def errors_of(refusal, example):
    """Return the validation errors of a group, or of a rule if the entry is about rules."""
    body = {"name": "web", "rules": [example]} if refusal.about == "rule" else example
    try:
        clean_creation(body, KNOWN)
    except Invalid as error:
        detail = error.detail
        return detail["rules"][0] if refusal.about == "rule" else detail
    return {}


def beginning_of(message):
    """Return the message up to its first value."""
    return next(Formatter().parse(message))[0]


@pytest.mark.parametrize("refusal", TABLE, ids=lambda entry: f"{entry.field} {entry.condition}")
def test_an_entry_refuses_one_example_and_accepts_the_other(refusal):
    errors = errors_of(refusal, refusal.refused)
    assert list(errors) == [refusal.field]
    (message,) = errors[refusal.field]
    assert message.startswith(beginning_of(refusal.message))
    assert errors_of(refusal, refusal.accepted) == {}


def test_every_entry_is_complete():
    for refusal in TABLE:
        assert refusal.condition
        assert refusal.source
        assert refusal.about in {"group", "rule"}


def test_the_name_of_the_default_group_is_compared_as_neutron_does():
    assert all(map(is_name_of_default_group, ("default", "DEFAULT", "dEfAuLt")))
    # Neutron accepts these: it only converts names to lower case.
    assert not any(map(is_name_of_default_group, ("", " default", "default\n", "d\u00e9fault")))
