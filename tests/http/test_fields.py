"""The fields of bodies; tests/contract has the responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import Invalid
from ringfence.http.fields import (
    Choice,
    FieldError,
    Hyperlink,
    Integer,
    Text,
    clean_fields,
    path_of,
    printable,
    uuid_in,
)

HEX = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89AB-CDEF-0123-456789ABCDEF"
PORT = Integer(minimum=-1, maximum=65535)
GROUP = Hyperlink("openstack-security-groups")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def outcome(field, value):
    try:
        return field.clean(value)
    except FieldError as error:
        return str(error)


@pytest.mark.parametrize(
    ("sent", "clean"),
    [(" a b ", "a b"), (5, "5"), (1.5, "1.5"), (-0, "0"), ("é" * 5, "é" * 5), ("\u3000a", "a")],
)
def test_text_is_trimmed_and_numbers_are_accepted(sent, clean):
    assert Text(5).clean(sent) == clean


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (None, "This field may not be null."),
        (" ", "This field may not be blank."),
        ("123456", "Ensure this field has no more than 5 characters."),
        (True, "Not a valid string."),
        ([], "Not a valid string."),
        ("\ud800", "Not a valid string."),
        ("\x00", "Null characters are not allowed."),
    ],
)
def test_text_that_cannot_be_stored_is_refused(sent, message):
    assert outcome(Text(5), sent) == message


def test_text_may_be_blank_or_null_if_the_field_allows_it():
    assert Text(5, blank=True).clean("  ") == ""
    assert Text(5, null=True).clean(None) is None


@pytest.mark.parametrize(
    ("sent", "number"), [(80, 80), ("80", 80), (80.0, 80), (" 080 ", 80), ("80.0", 80), ("-1", -1)]
)
def test_an_integer_is_accepted_in_every_spelling(sent, number):
    assert PORT.clean(sent) == number


@pytest.mark.parametrize(
    "sent",
    [True, False, "", "x", "1e3", "1.5", 1.5, float("inf"), float("nan"), [], {}, "0x10", "٣"],
)
def test_other_values_are_not_integers(sent):
    assert outcome(PORT, sent) == "A valid integer is required."


def test_a_number_out_of_range_is_refused():
    assert outcome(PORT, 10**4000) == "Ensure this value is less than or equal to 65535."
    assert outcome(PORT, 1e300) == "Ensure this value is less than or equal to 65535."
    assert outcome(PORT, -2) == "Ensure this value is greater than or equal to -1."


def test_a_choice_is_spelled_exactly():
    choice = Choice(("IPv4", "IPv6"))
    assert choice.clean("IPv4") == "IPv4"
    assert outcome(choice, "ipv4") == '"ipv4" is not a valid choice.'
    assert outcome(choice, ["IPv4"]) == "\"['IPv4']\" is not a valid choice."
    assert outcome(choice, None) == "This field may not be null."


@pytest.mark.parametrize(
    "address",
    [
        f"http://any.host:8080/api/openstack-security-groups/{HEX}/",
        f"/api/openstack-security-groups/{HEX}/",
        f"https://x/api/openstack-security-groups/{DASHED}/?a=b#c",
        f"https://x/api/openstack-security-groups/{HEX.upper()}/",
        f"https://x/api/openstack%2Dsecurity%2Dgroups/{HEX}/",
    ],
)
def test_a_hyperlink_returns_its_uuid(address):
    assert GROUP.clean(address) == HEX


NO_MATCH = "Invalid hyperlink - No URL match."
WRONG = "Invalid hyperlink - Incorrect URL match."


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, None),
        ("", None),
        ("x", NO_MATCH),
        (HEX, NO_MATCH),
        ("http://[broken", NO_MATCH),
        (f"/api/openstack-security-groups/{HEX}", NO_MATCH),
        (f"/api/openstack-security-groups/{HEX}/pull/", NO_MATCH),
        (f"/api/openstack-security-groups/{HEX[1:]}/", NO_MATCH),
        (f"/api/openstack-tenants/{HEX}/", WRONG),
        ("/api/openstack-security-groups/", WRONG),
        (7, "Incorrect type. Expected URL string, received int."),
        (True, "Incorrect type. Expected URL string, received bool."),
    ],
)
def test_the_url_of_another_collection_has_its_own_error(sent, expected):
    assert outcome(GROUP, sent) == expected


def test_the_path_of_an_invalid_url_is_empty():
    assert path_of("http://[") == ""
    assert path_of("http://x") == ""
    assert uuid_in("", "customers") is None


def test_all_errors_of_an_object_are_returned_at_once():
    fields = {"name": Text(5), "port": PORT}
    with pytest.raises(Invalid) as caught:
        clean_fields({"port": "x", "other": 1}, fields, required=["name"])
    assert caught.value.detail == {
        "name": ["This field is required."],
        "port": ["A valid integer is required."],
    }


def test_fields_that_are_not_sent_are_not_in_the_result():
    assert clean_fields({"other": 1}, {"name": Text(5)}) == {}


@given(JSON)
def test_any_json_is_accepted_or_refused_with_an_error_that_can_be_encoded(value):
    for field in (Text(10), Text(10, blank=True, null=True), PORT, Choice(("a",)), GROUP):
        result = outcome(field, value)
        assert isinstance(str(result).encode(), bytes)


def test_a_value_that_cannot_be_converted_is_shown_as_dots():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    assert printable(deep) == "…"
    assert printable("\ud800") == "?"
    assert len(printable("x" * 1000)) == 200


@pytest.mark.parametrize("text", [" " * 1_000_000, "1" * 1_000_000, "1." + "0" * 1_000_000 + "x"])
def test_a_long_text_is_not_a_number(text):
    assert outcome(PORT, text) == "A valid integer is required."
