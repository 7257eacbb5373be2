"""UUIDs are recognised with and without dashes."""

import re
from uuid import UUID

import pytest

from ringfence.text.uuids import ANY_UUID, DASHED_UUID, parse_uuid

DASHED = "5f0c0000-0000-4000-8000-00000000000A"
HEX = DASHED.replace("-", "")


@pytest.mark.parametrize("text", [DASHED, HEX, HEX.lower()])
def test_both_forms_in_any_case_are_uuids(text):
    assert re.fullmatch(ANY_UUID, text)
    assert parse_uuid(text) == UUID(DASHED)


@pytest.mark.parametrize("text", ["", HEX[1:], HEX + "0", DASHED.replace("-", "", 1), "g" * 32])
def test_other_texts_match_no_pattern(text):
    assert not re.fullmatch(ANY_UUID, text)


def test_only_the_dashed_form_matches_its_pattern():
    assert re.fullmatch(DASHED_UUID, DASHED)
    assert not re.fullmatch(DASHED_UUID, HEX)


@pytest.mark.parametrize("text", ["", "5f0c", "g" * 32])
def test_what_is_no_uuid_is_parsed_as_none(text):
    assert parse_uuid(text) is None
