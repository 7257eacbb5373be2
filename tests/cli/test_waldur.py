"""Options of `ringfence discover --waldur`: sources of the token, and what excludes what."""

import io

import pytest
from tests.discovery.waldur_site import TOKEN

from ringfence.cli.discover import discover
from ringfence.cli.waldur import WaldurSite, read_clouds, token_of
from ringfence.errors import OperatorError
from ringfence.settings import Settings

URL = "https://waldur.example.com"


def site(tmp_path, token=None, content=None):
    path = None if content is None else tmp_path / "token"
    if path:
        path.write_text(content)
    return WaldurSite(URL, token, path, ())


def test_the_token_comes_from_the_first_source_that_has_one(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("from-input\nmore\n"))
    setting = Settings(waldur_token="from-setting")
    assert token_of(site(tmp_path, token="from-option"), setting) == "from-option"
    assert token_of(site(tmp_path, content=f"{TOKEN}\n"), setting) == TOKEN
    assert token_of(site(tmp_path), setting) == "from-setting"
    assert "from-setting" not in repr(setting)
    assert token_of(site(tmp_path), Settings()) == "from-input"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"waldur": URL, "clouds": ["east"]}, "CLOUD: has no meaning with --waldur"),
        ({"waldur": URL, "match": "a*", "by_parent": True}, "--match, --by-parent: has no mean"),
        ({"clouds": ["east"], "token": TOKEN}, "--token: needs --waldur URL"),
        ({"clouds": ["east"], "waldur_clouds": ["a=b"]}, "--cloud: needs --waldur URL"),
        ({}, "name an entry of clouds.yaml, or --waldur URL"),
        ({"waldur": URL, "load": True, "write": "a.yaml"}, "--write and --load exclude each oth"),
    ],
)
def test_options_that_have_no_effect_are_refused(options, expected):
    with pytest.raises(OperatorError) as caught:
        discover(**{"clouds": None} | options)
    assert str(caught.value).startswith(expected)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (["East=east", "a=b=c"], {"East": "east", "a=b": "c"}),
        (["East"], "expected WALDUR_NAME=ENTRY"),
        (["=east"], "expected WALDUR_NAME=ENTRY"),
        (["East="], "expected WALDUR_NAME=ENTRY"),
        (["East=a", "East=b"], "'East' has two entries, a and b"),
    ],
)
def test_a_cloud_of_waldur_has_one_entry(pairs, expected):
    if isinstance(expected, dict):
        assert read_clouds(pairs) == expected
        return
    with pytest.raises(OperatorError, match=expected):
        read_clouds(pairs)


def test_a_token_file_that_cannot_be_read_is_an_error(tmp_path):
    both = WaldurSite(URL, TOKEN, tmp_path / "token", ())
    with pytest.raises(OperatorError, match="--token and --token-file exclude each other"):
        token_of(both, Settings())
    with pytest.raises(OperatorError, match="token: No such file or directory"):
        token_of(WaldurSite(URL, None, tmp_path / "token", ()), Settings())
