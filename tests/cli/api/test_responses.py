"""Error responses become one line with the field and what to do."""

import pytest

from ringfence.cli.api.responses import error_of, hints_in


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (400, {"name": ["This field is required."]}, "name: This field is required."),
        (
            400,
            {"rules": [{}, {"cidr": ["Wrong."], "to_port": ["Bad."]}], "name": ["No."]},
            "rules[1].cidr: Wrong. rules[1].to_port: Bad. name: No.",
        ),
        (400, [{}, {"cidr": ["Wrong."]}], "rules[1].cidr: Wrong."),
        (400, ["Duplicate rules."], "rules: Duplicate rules."),
        (400, {"non_field_errors": ["Unique."]}, "Unique."),
        (
            409,
            {"detail": "Valid states for operation: OK.", "hint": "It is ERRED: pull it."},
            "Valid states for operation: OK; It is ERRED: pull it.",
        ),
        (401, {"detail": "Invalid token."}, "Invalid token; run ringfence login"),
        (404, {"detail": "Not found."}, "Not found; check the name and that you may see it"),
        (
            412,
            {"detail": "At version 7."},
            "At version 7; it changed meanwhile: run the command again",
        ),
        (500, {"detail": "Internal.", "reference": "abc"}, "Internal."),
        (502, None, "the service responded with status 502"),
        (
            400,
            [{"x": ["Bad."]}] * 12,
            " ".join(f"rules[{n}].x: Bad." for n in range(10)) + " And 2 more.",
        ),
    ],
)
def test_an_error_is_one_line(status, body, line):
    error = error_of(status, body, root="rules", advice="run ringfence login")
    assert error.lines == (line,)
    assert error.status == status


def test_a_hint_follows_the_first_message_of_its_field():
    body = [{"protocol": ["Bad."]}, {"protocol": ["Bad."], "non_field_errors": ["Twice."]}]
    hints = hints_in('{"protocol": "Allowed: tcp.", "other": "Not this."}')
    error = error_of(400, body, root="rules", hints=hints)
    assert error.lines == (
        "rules[0].protocol: Bad. Allowed: tcp. rules[1].protocol: Bad. rules[1]: Twice.",
    )
    whole = error_of(400, ["Twice."], hints={"non_field_errors": "Remove one."})
    assert whole.lines == ("Twice. Remove one.",)


@pytest.mark.parametrize("header", [None, "", "no JSON", "[]", '{"a": 1}'])
def test_a_header_that_is_not_as_expected_has_no_hints(header):
    assert hints_in(header) == {}


def test_a_hint_that_the_message_has_already_is_not_repeated():
    message = "x is not a port. Allowed: a number from 0 to 65535."
    hints = {"port": "Allowed: a number from 0 to 65535."}
    assert str(error_of(400, {"port": [message]}, hints=hints)) == f"port: {message}"
