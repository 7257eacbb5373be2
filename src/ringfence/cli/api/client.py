"""The HTTP client: TLS, timeouts, repetition of what is safe to repeat, pages.

A change carries an `Idempotency-Key`, so a repeated one is carried out once. Redirects are not
followed: the token goes to the host that the user named, and nowhere else.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import requests
from requests.exceptions import ConnectTimeout, RequestException, SSLError

from ringfence.cli import output
from ringfence.cli.api import credentials
from ringfence.cli.api.credentials import Credentials
from ringfence.cli.api.responses import error_of, hints_in
from ringfence.errors import OperatorError
from ringfence.text.json_value import Json

GROUPS = "/api/openstack-security-groups/"
TENANTS = "/api/openstack-tenants/"
EVENTS = "/api/events/"
EXPOSURES = "/api/security-group-exposures/"

PAGE_SIZE = 300
_TIMEOUTS = (10.0, 60.0)
ATTEMPTS = 5
_LONGEST_WAIT_SECONDS = 30.0
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
# Of the service, or of a proxy while the service restarts
_AWAY = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

Query = Sequence[tuple[str, str]]


class Unreachable(OperatorError):
    """The service did not respond, or said that it cannot for now."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: its body, `ETag`, and the query of the next page."""

    body: Json
    etag: str = ""
    next: Query | None = None


class Client:
    """Sends requests with the user's token; raises `OperatorError` for every error."""

    def __init__(self, access: Credentials, *, attempts: int = ATTEMPTS) -> None:
        self._access = access
        self._attempts = attempts
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"ringfence/{version('ringfence')}"
        self._session.headers["Accept"] = "application/json"
        # Without one, requests would take a password from ~/.netrc instead.
        self._session.auth = self._sign

    def get(self, path: str, query: Query = ()) -> Reply:
        """Return the response of an object or a list."""
        return self._send("GET", path, query=query)

    def items(self, path: str, query: Query = ()) -> Iterator[Any]:
        """Yield the items of a list, page by page as `Link` names them."""
        following: Query | None = [*query, ("page_size", str(PAGE_SIZE))]
        requested: set[Query] = set()
        while following is not None:
            if tuple(following) in requested:
                raise OperatorError(
                    f"{self._access.url}{path}: its pages lead back to an earlier one"
                )
            requested.add(tuple(following))
            reply = self.get(path, following)
            if not isinstance(reply.body, list):
                raise OperatorError(
                    f"{self._access.url}{path} did not return a list; check the URL"
                )
            yield from reply.body
            following = reply.next

    def evaluate(self, path: str, body: Json, *, root: str = "") -> Reply:
        """Return the response to a POST that stores nothing, such as a plan."""
        return self._send("POST", path, body, root=root)

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Query = (),
        unchanged_since: Reply | None = None,
        root: str = "",
    ) -> Reply:
        """Send a change; with `unchanged_since`, only if the object is as in that response.

        `root` names the body in errors, if it is a list.
        """
        etag = "" if unchanged_since is None else unchanged_since.etag
        if unchanged_since is not None and not etag:
            raise OperatorError(
                f"nothing was changed: a response of {self._access.url} had no ETag, so whether "
                "the group has changed meanwhile is not known; let the proxy pass ETag and If-Match"
            )
        headers = {"Idempotency-Key": str(uuid4())} | ({"If-Match": etag} if etag else {})
        return self._send(method, path, body, query=query, headers=headers, root=root)

    def sign_in(self, username: str, password: str) -> str:
        """Return a token for a password; not to be repeated, because failures are counted."""
        body = {"username": username, "password": password}
        reply = self._send("POST", "/api-auth/password/", body)
        token = reply.body.get("token") if isinstance(reply.body, dict) else None
        return credentials.clean_token(str(token or ""), name="the token in the response")

    def _send(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        root: str = "",
    ) -> Reply:
        url = self._access.url + path
        arguments = {"params": list(query), "json": body, "headers": dict(headers or {})}
        for attempt in range(1, self._attempts + 1):
            is_last = attempt == self._attempts
            response = self._exchange(method, url, arguments, may_repeat=not is_last)
            if response is None:
                continue
            if response.status_code not in _BUSY or is_last:
                return _reply(response, url, root, self._access.advice)
            time.sleep(_wait_of(response, attempt))
        raise AssertionError  # The last attempt returns or raises.

    def _exchange(
        self, method: str, url: str, arguments: Mapping[str, Any], *, may_repeat: bool
    ) -> requests.Response | None:
        """Return the response; None if the connection was lost and the request may be repeated."""
        try:
            # Here, and not in the session, where REQUESTS_CA_BUNDLE would take precedence.
            return self._session.request(
                method,
                url,
                timeout=_TIMEOUTS,
                allow_redirects=False,
                verify=self._access.ca_file or True,
                **arguments,
            )
        except SSLError as error:
            raise self._without_tls(_reason(error)) from None
        except OSError as error:
            is_lost = isinstance(error, RequestException) and not _is_refused(error)
            if is_lost and may_repeat:
                return None
            raise Unreachable(
                f"{self._access.url} does not respond: {_reason(error)}; check the URL and that "
                "the service runs"
            ) from None

    def _without_tls(self, reason: str) -> OperatorError:
        if "CERTIFICATE_VERIFY_FAILED" not in reason:
            return OperatorError(
                f"{self._access.url} does not respond with TLS: {reason}; check its port and "
                "whether the URL starts with https"
            )
        return OperatorError(
            f"the certificate of {self._access.url} cannot be verified: {reason}; name the CA's "
            "file with ringfence login --ca-file"
        )

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._access.token:
            request.headers["Authorization"] = f"Token {self._access.token}"
        return request


def connect() -> Client:
    """Return a client with the user's credentials; raises `OperatorError`."""
    access = credentials.load()
    # `login` warns of the URL that it stores.
    warning = credentials.exposure(access.url)
    if warning and os.environ.get(credentials.URL_VARIABLE):
        output.warn(warning)
    return Client(access)


def group_path(uuid: str, action: str = "") -> str:
    """Return the path of a group, or of an action on it."""
    return f"{GROUPS}{uuid}/{action}{'/' if action else ''}"


def _reply(response: requests.Response, url: str, root: str, advice: str) -> Reply:
    if HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST:
        raise OperatorError(
            f"{url} redirects to {response.headers.get('Location', 'nowhere')}, and the token is "
            "not sent there: run ringfence login with the service's own URL"
        )
    try:
        body = response.json() if response.content else None
    except ValueError:
        body = None
        if response.ok:
            raise OperatorError(
                f"{url} did not return JSON: check that this is the URL of Ringfence"
            ) from None
    if not response.ok:
        hints = hints_in(response.headers.get("Ringfence-Hint"))
        error = error_of(response.status_code, body, root=root, hints=hints, advice=advice)
        raise Unreachable(*error.lines) if response.status_code in _AWAY else error
    # Only the query: behind a proxy, the service may name a host that this one cannot reach.
    following = response.links.get("next", {}).get("url")
    query = parse_qsl(urlsplit(following).query, keep_blank_values=True) if following else None
    return Reply(body, response.headers.get("ETag", ""), query)


def _wait_of(response: requests.Response, attempt: int) -> float:
    given = response.headers.get("Retry-After", "")
    seconds = float(given) if given.isascii() and given.isdecimal() else 2.0**attempt
    return min(seconds, _LONGEST_WAIT_SECONDS)


def _is_refused(error: RequestException) -> bool:
    """Return whether no connection was made, so that repeating at once is of no use."""
    return isinstance(error, ConnectTimeout) or "NewConnectionError" in repr(error.args)


def _reason(error: BaseException) -> str:
    """Return the innermost reason, which libraries wrap several times."""
    for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
        reason = getattr(inner, "reason", None)
        if isinstance(reason, BaseException):
            return _reason(reason)
    text = " ".join(str(error).split())
    found = re.search(r"\[Errno -?\d+\] ([^()]*)", text)
    return found[1].strip() if found else text[:200]
