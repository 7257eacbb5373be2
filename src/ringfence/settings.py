"""Settings: environment variables, or a TOML file that `RINGFENCE_CONFIG` names."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ringfence.errors import OperatorError
from ringfence.text import masking
from ringfence.text.connection_strings import check

PREFIX = "RINGFENCE_"
FILE_VARIABLE = "RINGFENCE_CONFIG"
# Variables of the command line's clients of the API, which are no settings of the service
CLIENT_VARIABLES = frozenset({"RINGFENCE_URL", "RINGFENCE_TOKEN"})

ContractVersion = Literal["2025-11", "2026-10"]
LogLevel = Literal["debug", "info", "warning", "error"]
Network = IPv4Network | IPv6Network

_PUBLIC_HOST = re.compile(
    r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE
)
# No empty segments and no `.` or `..` in any encoding: proxies remove them.
_PUBLIC_PATH = re.compile(
    r"(?:/(?!(?:\.|%2e){1,2}(?:/|$))(?:[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2})+)*/*", re.IGNORECASE
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_HOST_NAME = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=3660)
SLOWEST_RATE = 0.001


def read_period(text: str) -> timedelta:
    """Parse `90d`, `12h` or `30m`; raises `ValueError`."""
    match = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text.strip(), re.ASCII)
    period = int(match[1]) * _UNITS[match[2]] if match else None
    if period is None or period > _LONGEST:
        raise ValueError("expected a number and m, h or d, such as 12h or 90d; at most ten years")
    return period


def _period(value: object) -> timedelta:
    return read_period(str(value))


def _words(value: object) -> object:
    """Split `a, b` into words; `none` is the empty list."""
    if not isinstance(value, str):
        return value
    words = [word.strip() for word in value.split(",") if word.strip()]
    return [] if words == ["none"] else words


def _network(value: object) -> Network:
    try:
        network = ip_network(str(value))
    except ValueError as error:
        raise ValueError(f"{error}; expected networks such as 10.0.0.0/8, 192.0.2.7") from None
    if network.prefixlen == 0:
        raise ValueError(f"{network} is every network; name those that are meant")
    return network


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError(f"{value!r} is not an origin such as https://portal.example.com")
    return value


def _rate(value: float) -> float:
    if 0 < value < SLOWEST_RATE:
        raise ValueError(f"expected 0 (no limit) or at least {SLOWEST_RATE} per second")
    return value


def _host_name(value: str) -> str:
    name = value.lower()
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(f"{value!r} is not a host such as api.example.com or *.example.com")
    return name


Rate = Annotated[float, Field(ge=0, le=1_000_000), AfterValidator(_rate)]
Networks = Annotated[
    tuple[Annotated[Network, BeforeValidator(_network)], ...], BeforeValidator(_words)
]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_words)]
Period = Annotated[timedelta, BeforeValidator(_period)]
HostNames = Annotated[
    tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_words)
]


def _this_machine() -> tuple[Network, ...]:
    return (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def default_home() -> Path:
    """Return the platform's data directory; for root, one that other users can reach."""
    if os.geteuid() == 0:
        return Path("/var/lib/ringfence")
    return platformdirs.user_data_path("ringfence")


class Settings(BaseModel):
    """All settings, validated. The names are those of the environment variables, in lower case.

    `home` is the data directory. A pull that misses more than `missing_count` groups of a tenant
    and more than `missing_share` of them marks none as missing. `pull_interval` is in seconds.
    `log_level` is the lowest level that is written. Only one kind of proxy header is read, because
    a proxy that sets one may forward the other as the client sent it. Rates are requests per second
    in each process; 0 is no limit. A body must arrive within `body_seconds`. A request that would
    wait longer than `queue_seconds` is refused. Refused changes are kept for `refusal_days`. No
    token lives longer than `token_max_lifetime`. `strict` refuses unknown names in a query or body,
    which are otherwise ignored. Only `ringfence discover --waldur` uses `waldur_token`. Events are
    kept for `event_days`, and versions of groups for `version_days`, apart from the newest
    `version_count`; None is for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    home: Path = Field(default_factory=default_home)
    database_url: str | None = None
    database_replica_url: str | None = None
    public_url: str | None = None
    contract: ContractVersion = "2025-11"
    strict: bool = False
    pull_interval: Annotated[float, Field(ge=1, le=31 * 24 * 3600)] = 7200
    missing_count: Annotated[int, Field(ge=0, le=1_000_000)] = 5
    missing_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    log_level: LogLevel = "info"
    body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    body_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 30
    header_bytes: Annotated[int, Field(ge=8192, le=1024 * 1024)] = 32 * 1024
    rules_per_request: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    concurrent_requests: Annotated[int, Field(ge=1, le=100_000)] = 128
    queue_seconds: Annotated[float, Field(ge=0.1, le=60)] = 5
    address_rate: Rate = 500
    token_rate: Rate = 500
    token_change_rate: Rate = 100
    refusal_days: Annotated[int, Field(ge=31, le=36_500)] = 180
    event_days: Annotated[int, Field(ge=31, le=36_500)] | None = None
    version_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    version_count: Annotated[int, Field(ge=2, le=1_000_000)] = 20
    token_max_lifetime: Period | None = None
    trusted_proxies: Networks = Field(default_factory=_this_machine)
    allowed_hosts: HostNames = ()
    cors_origins: Origins = ()
    metrics_allowed: Networks = Field(default_factory=_this_machine)
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    backup_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    waldur_token: SecretStr | None = None

    @property
    def public_path(self) -> str:
        """The path of the public URL without a trailing slash; usually empty."""
        return urlsplit(self.public_url or "").path

    @property
    def key_of_backups(self) -> bytes | None:
        """The key that backups are signed with, or None."""
        return None if self.backup_key is None else self.backup_key.get_secret_value().encode()

    @field_validator("database_replica_url")
    @classmethod
    def _beside_a_primary(cls, url: str | None, info: ValidationInfo) -> str | None:
        # If `database_url` is invalid, it is absent here and has an error of its own.
        if url is not None and info.data.get("database_url", "") is None:
            raise ValueError(
                "the embedded database has no replica; set RINGFENCE_DATABASE_URL as well"
            )
        return url

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        try:
            return home.expanduser().absolute()
        except RuntimeError:
            raise ValueError(
                f"{home}: the user has no home directory; write the full path"
            ) from None

    @field_validator("database_url", "database_replica_url")
    @classmethod
    def _postgresql(cls, url: str | None) -> str | None:
        if url is None:
            return None
        check(url)
        return url

    @field_validator("public_url")
    @classmethod
    def _base(cls, url: str | None) -> str | None:
        if url is None:
            return None
        # The value is not repeated: the error may be a password in it.
        parts = _split(url)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected a URL with a host, such as https://api.example.com")
        if "@" in parts.netloc:
            raise ValueError("a public URL has no user and no password; name only its host")
        if "?" in url or "#" in url:
            raise ValueError("a public URL has no query and no fragment; end it with its path")
        is_plain = _PUBLIC_HOST.fullmatch(parts.netloc) and _PUBLIC_PATH.fullmatch(parts.path)
        # `urlsplit` removes line breaks and tabs.
        if not is_plain or parts.port == 0 or parts.geturl().lower() != url.lower():
            raise ValueError(
                "expected https://HOST[:PORT][/PATH] in ASCII, such as "
                "https://api.example.com/firewall; write other characters as xn--… or %…"
            )
        # As browsers write an origin, to which it is compared.
        host = parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])
        return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. The environment overrides the file; an empty variable counts as unset.

    Raises `OperatorError` with one line for each error: the setting and what is allowed.
    """
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    errors: list[str] = []
    if path := environment.get(FILE_VARIABLE):
        try:
            content = _read_file(Path(path))
        except OperatorError as error:
            errors += error.lines
            content = {}
        for name, value in content.items():
            values[name.lower()] = value
            sources[name.lower()] = f"{name} in {path}"
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and variable not in {FILE_VARIABLE, *CLIENT_VARIABLES}:
            name = variable.removeprefix(PREFIX).lower()
            sources[name] = variable
            if value.strip() or name not in Settings.model_fields:
                values[name] = value
    _learn_secrets(values, environment)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        errors += _explain(error, sources)
    if errors:
        raise OperatorError(*errors)
    return settings


def _learn_secrets(values: Mapping[str, object], environment: Mapping[str, str]) -> None:
    """Mask the secrets of the settings, before any error can show them."""
    for name in ("database_url", "database_replica_url"):
        masking.learn_url(str(values.get(name) or ""))
    for name in ("metrics_token", "backup_key", "waldur_token"):
        masking.learn(str(values.get(name) or ""))
    masking.learn(environment.get("RINGFENCE_TOKEN"))
    # Variables that libpq and openstacksdk read themselves
    masking.learn_fields(
        {name: value for name, value in environment.items() if name.startswith(("PG", "OS_"))}
    )


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(
            f"{FILE_VARIABLE}: cannot read {path}: {error.strerror}; create it or name another"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} is not valid TOML: {error}; correct it") from None


def _explain(error: ValidationError, sources: Mapping[str, str]) -> list[str]:
    """Return a line for each error, with the name of the setting."""
    lines = []
    for each in error.errors(include_url=False, include_input=False):
        name = str(each["loc"][0])
        where = sources.get(name, name)
        if each["type"] == "extra_forbidden":
            names = sorted(PREFIX + field.upper() for field in Settings.model_fields)
            similar = difflib.get_close_matches(PREFIX + name.upper(), names, 1)
            fix = f"did you mean {similar[0]}?" if similar else f"known are {', '.join(names)}"
            lines.append(f"{where}: unknown setting; {fix}")
        else:
            message = str(each["msg"]).removeprefix("Value error, ")
            lines.append(f"{where}: {message[:1].lower()}{message[1:]}")
    return sorted(set(lines))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
