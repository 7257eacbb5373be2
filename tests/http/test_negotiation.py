"""The contract that an `Accept` header selects."""

import pytest

from ringfence.errors import NotAcceptable
from ringfence.http.middleware.negotiation import negotiate

OLD, NEW = "2025-11", "2026-10"


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (None, OLD),
        ("", OLD),
        ("*/*", OLD),
        ("application/json", OLD),
        ("Application/JSON; charset=utf-8", OLD),
        ("text/html, application/*;q=0.8", OLD),
        (f"application/json; version={NEW}", NEW),
        (f'application/json;version="{NEW}"', NEW),
        (f"application/json; version={OLD}", OLD),
        (f"*/*; version={NEW}", NEW),
        (f"application/json; version=1999-01, application/json; version={NEW}", NEW),
    ],
)
def test_the_first_media_type_that_is_json_decides(accept, version):
    assert negotiate(accept, OLD) == version


def test_without_a_version_the_setting_decides():
    assert negotiate("application/json", NEW) == NEW


@pytest.mark.parametrize("accept", ["text/html", "x", ";", "application/json; version=2", "json"])
def test_other_media_types_and_versions_are_not_acceptable(accept):
    with pytest.raises(NotAcceptable):
        negotiate(accept, OLD)
