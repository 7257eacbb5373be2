"""The URL and the token of the API: from the environment, or the file that `login` writes.

The file is in the user's configuration directory and readable by its owner only.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import platformdirs

from ringfence.errors import OperatorError
from ringfence.text import masking

URL_VARIABLE = "RINGFENCE_URL"
TOKEN_VARIABLE = "RINGFENCE_TOKEN"  # noqa: S105 - the name of a variable

_OF_VARIABLE = f"set {TOKEN_VARIABLE} to a valid token, or unset it and run ringfence login"
_TOKEN = re.compile(r"[!-~]{1,512}")
# What people copy from the browser's address bar
_ENDINGS = ("/console", "/api/docs", "/api/schema", "/api")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the API is, the token for it, and a file of certificates if it has its own CA."""

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    # What to do if the service refuses the token
    advice: str = field(default="run ringfence login", compare=False)


def file_path() -> Path:
    """Return the path of the file, which need not exist."""
    return platformdirs.user_config_path("ringfence") / "credentials.json"


def load(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials; the environment takes precedence. Raises `OperatorError`."""
    url, token = environment.get(URL_VARIABLE, ""), environment.get(TOKEN_VARIABLE, "")
    masking.learn(token)
    if url:
        url = clean_url(url, name=URL_VARIABLE)
    if token:
        token = clean_token(token, name=TOKEN_VARIABLE)
    stored = None if url and token else _read()
    if stored is None:
        if url and token:
            return Credentials(url, token, advice=_OF_VARIABLE)
        missing = TOKEN_VARIABLE if url else "the API's URL"
        raise OperatorError(
            f"no credentials ({missing} is missing): run ringfence login URL, or set "
            f"{URL_VARIABLE} and {TOKEN_VARIABLE}"
        )
    if url and url != stored.url:
        raise OperatorError(
            f"{URL_VARIABLE} is {url}, and the stored token is for {stored.url}: set "
            f"{TOKEN_VARIABLE}, or run ringfence login {url}"
        )
    if token:
        return replace(stored, token=token, advice=_OF_VARIABLE)
    return stored


def store(credentials: Credentials) -> Path:
    """Write the file, for its owner only, and return its path. Raises `OperatorError`."""
    path = file_path()
    values = {"url": credentials.url, "token": credentials.token}
    if credentials.ca_file is not None:
        values["ca_file"] = credentials.ca_file
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # `mkstemp` creates it with mode 0600.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(values, file)
        Path(draft).replace(path)
    except OSError as error:
        raise OperatorError(
            f"{path}: cannot be written: {error.strerror}; set {URL_VARIABLE} and "
            f"{TOKEN_VARIABLE} instead"
        ) from None
    return path


def remove() -> bool:
    """Remove the file; return whether there was one."""
    try:
        file_path().unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OperatorError(f"{file_path()}: cannot be removed: {error.strerror}") from None
    return True


def clean_url(text: str, *, name: str = "URL") -> str:
    """Return the URL of a service, without `/api/` at its end; raises `OperatorError`."""
    url = text.strip().rstrip("/")
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OperatorError(f"{name}: expected a URL such as https://api.example.com")
    if "@" in parts.netloc:
        raise OperatorError(f"{name}: no user and no password belong in it; see ringfence login")
    if parts.query or parts.fragment:
        raise OperatorError(f"{name}: a query or a fragment does not belong in it")
    for ending in _ENDINGS:
        url = url.removesuffix(ending)
    return url


def clean_token(text: str, *, name: str) -> str:
    """Return a token; raises `OperatorError` for one that no header can have."""
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise OperatorError(
            f"{name}: expected 1 to 512 visible ASCII characters without spaces (not shown here)"
        )
    return token


def exposure(url: str) -> str:
    """Return a warning if a token would cross a network unencrypted; empty if it would not."""
    if not is_exposed(url):
        return ""
    return f"ringfence: warning: {url} is not encrypted: anyone on the way can read the token"


def is_exposed(url: str) -> bool:
    """Return whether a token would cross a network unencrypted."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    with suppress(ValueError):
        return parts.scheme == "http" and not ip_address(host).is_loopback
    return parts.scheme == "http" and host != "localhost"


def _read() -> Credentials | None:
    path = file_path()
    try:
        mode = path.stat().st_mode & 0o777
        content = json.loads(path.read_bytes())
        found = Credentials(content["url"], content["token"], content.get("ca_file"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OperatorError(f"{path}: is damaged: run ringfence login again") from None
    masking.learn(found.token)
    if mode & 0o077:
        raise OperatorError(
            f"{path}: other users can read it (mode {mode:o}): run chmod 600 {path}, and revoke "
            "the token if they should not have it"
        )
    return found


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
