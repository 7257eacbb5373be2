"""Settings come from the environment or a file, and say what is wrong with themselves."""

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
        ("RINGFENCE_COLOUR", "red", "there is no such setting"),
        ("RINGFENCE_COLOUR", "", "there is no such setting"),
        ("RINGFENCE_CONTRACT", "2024-01", "'2025-11' or '2026-10'"),
        ("RINGFENCE_PULL_INTERVAL", "soon", "number"),
        ("RINGFENCE_PULL_INTERVAL", "0", "greater than or equal to 1"),
        ("RINGFENCE_PUBLIC_URL", "api.example.com", "https://"),
        ("RINGFENCE_DATABASE_URL", "mysql://u:secret@h/d", "postgresql://"),
        ("RINGFENCE_CONFIG", "/nowhere/ringfence.toml", "cannot read"),
        ("RINGFENCE_TRUSTED_PROXIES", "proxy.example.com", "10.0.0.0/8"),
        ("RINGFENCE_TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("RINGFENCE_TRUSTED_PROXIES", "10.0.0.0/8, 0.0.0.0/0", "0.0.0.0/0 is everybody"),
        ("RINGFENCE_TRUSTED_PROXIES", "::/0", "::/0 is everybody"),
        ("RINGFENCE_PROXY_HEADERS", "both", "'x-forwarded' or 'forwarded'"),
        ("RINGFENCE_ALLOWED_HOSTS", "*", "*.example.com"),
        ("RINGFENCE_ALLOWED_HOSTS", "https://api.example.com", "api.example.com"),
        ("RINGFENCE_CORS_ORIGINS", "*", "https://portal.example.com"),
        ("RINGFENCE_CORS_ORIGINS", "https://a.example.com/", "is not an origin"),
    ],
)
def test_a_mistake_names_the_setting_and_what_is_allowed(variable, value, said):
    with pytest.raises(OperatorError) as mistake:
        load_settings({variable: value})
    text = str(mistake.value)
    assert text.startswith(variable)
    assert said in text
    assert "secret" not in text
    assert "\n" not in text


def test_a_mistake_in_the_file_names_the_file(tmp_path: Path):
    file = tmp_path / "ringfence.toml"
    file.write_text("colour = 'red'\n")
    with pytest.raises(OperatorError, match=rf"^colour in {file}: there is no such setting"):
        load_settings({"RINGFENCE_CONFIG": str(file)})
