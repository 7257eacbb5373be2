"""Settings come from the environment or a file, and say what is wrong with themselves."""

from datetime import timedelta
from pathlib import Path

import pytest

from ringfence.errors import OperatorError
from ringfence.settings import load_settings


def test_an_empty_variable_is_not_given():
    unset = load_settings({})
    names = ("HOME", "DATABASE_URL", "PUBLIC_URL", "CONTRACT", "PULL_INTERVAL", "LOG_LEVEL")
    assert load_settings({f"RINGFENCE_{name}": "" for name in names}) == unset


def test_the_environment_wins_over_the_file(tmp_path: Path):
    file = tmp_path / "ringfence.toml"
    file.write_text('contract = "2026-10"\npull_interval = 60\n')
    settings = load_settings(
        {"RINGFENCE_CONFIG": str(file), "RINGFENCE_CONTRACT": "2025-11"},
    )
    assert (settings.contract, settings.pull_interval) == ("2025-11", 60)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("RINGFENCE_COLOUR", "red", "unknown setting"),
        ("RINGFENCE_COLOUR", "", "unknown setting"),
        ("RINGFENCE_CONTRACT", "2024-01", "'2025-11' or '2026-10'"),
        ("RINGFENCE_PULL_INTERVAL", "soon", "number"),
        ("RINGFENCE_PULL_INTERVAL", "0", "greater than or equal to 1"),
        ("RINGFENCE_PUBLIC_URL", "api.example.com", "https://"),
        ("RINGFENCE_PUBLIC_URL", "https://", "with a host"),
        ("RINGFENCE_PUBLIC_URL", "https:///path", "with a host"),
        ("RINGFENCE_PUBLIC_URL", "ftp://a.example.com", "https://api.example.com"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com?x=1", "no query"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/?", "no query"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/#x", "no fragment"),
        ("RINGFENCE_PUBLIC_URL", "https://user:secret@a.example.com", "no user and no password"),
        ("RINGFENCE_PUBLIC_URL", "https://secret@a.example.com", "no user and no password"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com:port", "with a host"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com:99999", "with a host"),
        ("RINGFENCE_PUBLIC_URL", "https://[::1", "with a host"),
        ("RINGFENCE_PUBLIC_URL", "https://a b", "in ASCII"),
        ("RINGFENCE_PUBLIC_URL", "https://büro.example.com", "in ASCII"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/a//b", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/../b", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", 'https://a.example.com/"b', "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a..example.com", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/a\nb", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/\tb", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/%zz", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com/%2E./b", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_PUBLIC_URL", "https://a.example.com:0", "HOST[:PORT][/PATH]"),
        ("RINGFENCE_ADDRESS_RATE", "1e-320", "or at least 0.001 per second"),
        ("RINGFENCE_TOKEN_CHANGE_RATE", "0.0001", "or at least 0.001 per second"),
        ("RINGFENCE_HOME", "~nobody-of-this-name/x", "the user has no home directory"),
        ("RINGFENCE_PUBLIC_URI", "x", "did you mean RINGFENCE_PUBLIC_URL?"),
        ("RINGFENCE_DATABASE_URL", "mysql://u:secret@h/d", "postgresql://"),
        ("RINGFENCE_CONFIG", "/nowhere/ringfence.toml", "cannot read"),
        ("RINGFENCE_TRUSTED_PROXIES", "proxy.example.com", "10.0.0.0/8"),
        ("RINGFENCE_TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("RINGFENCE_TRUSTED_PROXIES", "10.0.0.0/8, 0.0.0.0/0", "0.0.0.0/0 is every network"),
        ("RINGFENCE_TRUSTED_PROXIES", "::/0", "::/0 is every network"),
        ("RINGFENCE_ALLOWED_HOSTS", "*", "*.example.com"),
        ("RINGFENCE_ALLOWED_HOSTS", "https://api.example.com", "api.example.com"),
        ("RINGFENCE_TOKEN_MAX_LIFETIME", "90", "12h or 90d"),
        ("RINGFENCE_TOKEN_MAX_LIFETIME", "0d", "12h or 90d"),
        ("RINGFENCE_TOKEN_MAX_LIFETIME", "4000d", "at most ten years"),
        ("RINGFENCE_TOKEN_MAX_LIFETIME", "P90D", "12h or 90d"),
        ("RINGFENCE_CORS_ORIGINS", "*", "https://portal.example.com"),
        ("RINGFENCE_CORS_ORIGINS", "https://a.example.com/", "is not an origin"),
    ],
)
def test_a_mistake_names_the_setting_and_what_is_allowed(variable, value, said):
    with pytest.raises(OperatorError) as raised:
        load_settings({variable: value})
    text = str(raised.value)
    assert text.startswith(variable)
    assert said in text
    assert "secret" not in text
    assert "\n" not in text


def test_all_mistakes_are_told_at_once_by_the_names_of_the_settings(tmp_path: Path):
    wrong = {
        "RINGFENCE_CONFIG": str(tmp_path / "missing.toml"),
        "RINGFENCE_PUBLIC_URL": "https://",
        "RINGFENCE_COLOUR": "red",
        "RINGFENCE_PULL_INTERVAL": "soon",
        "RINGFENCE_DATABASE_URL": "mysql://u:secret@h/d",
        "RINGFENCE_DATABASE_REPLICA_URL": "postgresql://u:secret@h/d",
        "RINGFENCE_TRUSTED_PROXIES": "a, b",
    }
    with pytest.raises(OperatorError) as raised:
        load_settings(wrong)
    lines = raised.value.lines
    named = [line.partition(":")[0] for line in lines]
    assert set(named) == wrong.keys() - {"RINGFENCE_DATABASE_REPLICA_URL"}
    assert named[1:] == sorted(named[1:])
    assert not any("secret" in line for line in lines)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "http://localhost:8000/",
        "https://[2001:db8::1]:8443/firewall",
        "https://api.example.com/a/b%20c/",
        "https://api.example.com./x",
    ],
)
def test_a_public_url_is_kept_without_the_slash_at_its_end(url):
    assert load_settings({"RINGFENCE_PUBLIC_URL": url}).public_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("HTTPS://API.Example.com", "https://api.example.com"),
        ("https://api.example.com:443/Firewall/", "https://api.example.com/Firewall"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://api.example.com:443", "http://api.example.com:443"),
    ],
)
def test_a_public_url_is_kept_as_browsers_write_an_origin(url, kept):
    assert load_settings({"RINGFENCE_PUBLIC_URL": url}).public_url == kept


def test_a_period_is_a_number_and_a_unit():
    settings = load_settings({"RINGFENCE_TOKEN_MAX_LIFETIME": "90d"})
    assert settings.token_max_lifetime == timedelta(days=90)
    assert load_settings({}).token_max_lifetime is None


def test_a_mistake_in_the_file_names_the_file(tmp_path: Path):
    file = tmp_path / "ringfence.toml"
    file.write_text("colour = 'red'\n")
    with pytest.raises(OperatorError, match=rf"^colour in {file}: unknown setting"):
        load_settings({"RINGFENCE_CONFIG": str(file)})
