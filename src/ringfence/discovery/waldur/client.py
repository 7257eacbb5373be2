"""HTTP client of a Waldur site: sends GET requests only, all of them to the operator's URL.

No redirect is followed and no URL of a response is requested, so that the token goes nowhere else.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
import requests
from requests.auth import AuthBase

from ringfence.discovery.waldur.items import Item
from ringfence.errors import OperatorError
from ringfence.text import masking
from ringfence.text.json_value import Json

PAGE_SIZE = 100
# Waldur needs about a second and a half for a page of 100 groups.
TIMEOUT_SECONDS = (10.0, 120.0)
LARGEST_BODY = 64 * 1024 * 1024
CHUNK_BYTES = 65536

ATTEMPTS = 6
LONGEST_DELAY_SECONDS = 60.0
_RETRIED = frozenset({429, 502, 503, 504})
# Waldur sorts some lists by a name that is not unique, and then pages overlap and leave gaps.
MOST_PASSES = 5

_TOKEN = re.compile(r"[!-~]{1,512}")
# No list is longer; Python refuses to read thousands of digits.
_NUMBER = re.compile(r"[0-9]{1,12}")
# The prefix of Waldur's personal access tokens, which have a scheme of their own
_PERSONAL = "w_"


class _Token(AuthBase):
    """Send the token: as an object of its own because `~/.netrc` overrides a header."""

    def __init__(self, token: str) -> None:
        self._scheme = "Bearer" if token.startswith(_PERSONAL) else "Token"
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"{self._scheme} {self._token}"
        return request


@dataclass(frozen=True, slots=True)
class _Response:
    """A response with its parsed body; `page_after` is the number that `Link` names as next."""

    status: int
    body: Json
    total: str | None
    page_after: str | None


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a list; `total` is the length of the list."""

    total: int
    objects: list[Json]


def site_url(text: str) -> str:
    """Return the URL of a site without `/api/`; raises `OperatorError`."""
    try:
        parts = urlsplit(text.strip())
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise OperatorError(
            "--waldur: expected the URL of the site with its scheme, such as "
            "https://waldur.example.com"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise OperatorError(
            "--waldur: the URL has no user, password, query or fragment; give the token in "
            "--token-file"
        )
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{parts.netloc}{path}"


class WaldurClient:
    """The lists of a site, read page by page."""

    def __init__(
        self, url: str, token: str, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        masking.learn(token)
        if not _TOKEN.fullmatch(token):
            raise OperatorError(
                "the Waldur token should be 1 to 512 visible ASCII characters (not shown here)"
            )
        self.url = site_url(url)
        self._sleep = sleep
        self._has_responded = False
        self._session = requests.Session()
        self._session.auth = _Token(token)
        self._session.headers["Accept"] = "application/json"

    def one(self, path: str, fields: Sequence[str]) -> Item:
        """Return a single object."""
        return Item(path, _mapping(path, self._get(path, {"field": list(fields)}).body))

    def objects(
        self, path: str, fields: Sequence[str], query: Mapping[str, str] | None = None
    ) -> Iterator[Item]:
        """Yield each object of a list once; raises `OperatorError` if some never appear.

        Only these fields are requested: others hold passwords.
        """
        known: set[UUID] = set()
        total = 0
        for _ in range(MOST_PASSES):
            for page in self._pages(path, {**(query or {}), "field": ["uuid", *fields]}):
                total = page.total
                for index, value in enumerate(page.objects):
                    item = Item.of(path, index, value)
                    if (uuid := item.uuid("uuid")) not in known:
                        known.add(uuid)
                        yield item
            if len(known) >= total:
                return
        raise OperatorError(
            f"{self.url}{path}: has {total} objects, and {MOST_PASSES} passes through its pages "
            f"show {len(known)} of them; try again when nobody changes them"
        )

    def _pages(self, path: str, query: dict[str, Any]) -> Iterator[_Page]:
        page = 1
        while True:
            parameters = {**query, "page": str(page), "page_size": str(PAGE_SIZE)}
            response = self._get(path, parameters, may_be_missing=page > 1)
            if response.status == HTTPStatus.NOT_FOUND:
                # The list became shorter meanwhile; `objects` compares its length.
                return
            total = _total(path, response)
            if not isinstance(response.body, list):
                raise OperatorError(f"{self.url}{path}: expected a list of objects")
            yield _Page(total, response.body)
            if response.page_after is None:
                return
            following = response.page_after
            number = _number(following)
            if number is None or not page < number <= total + 1:
                raise OperatorError(
                    f"{self.url}{path}: the Link of page {page} names {following!r} as the next one"
                )
            if not response.body:
                raise OperatorError(
                    f"{self.url}{path}: page {page} is empty, and its Link names a next one"
                )
            page = number

    def _get(self, path: str, query: dict[str, Any], *, may_be_missing: bool = False) -> _Response:
        """Send a request, again after an error that passes; raises `OperatorError`."""
        problem = ""
        for attempt in range(ATTEMPTS):
            delay = min(2.0**attempt, LONGEST_DELAY_SECONDS)
            try:
                with self._session.get(
                    f"{self.url}{path}",
                    params=query,
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    if response.status_code not in _RETRIED:
                        return self._read(path, response, may_be_missing=may_be_missing)
                    problem = f"HTTP {response.status_code}"
                    delay = _retry_after(response.headers.get("retry-after")) or delay
            except requests.exceptions.SSLError as error:
                raise OperatorError(
                    f"{self.url}: the certificate is not accepted: {_reason(error)}; name a "
                    "private CA in REQUESTS_CA_BUNDLE"
                ) from None
            except requests.RequestException as error:
                problem = _reason(error)
                if not self._has_responded:
                    # More likely a wrong URL than a site that restarts
                    raise OperatorError(f"{self.url}: {problem}; check the URL") from None
            if attempt + 1 < ATTEMPTS:
                self._sleep(delay)
        raise OperatorError(f"{self.url}{path}: {problem}, {ATTEMPTS} times; try again later")

    def _read(self, path: str, response: requests.Response, *, may_be_missing: bool) -> _Response:
        self._has_responded = True
        status = response.status_code
        if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own
            raise OperatorError(
                f"{self.url}{path}: redirects to {response.headers.get('location', 'nowhere')!r}; "
                "the token was not sent there. If that is the site, give its URL"
            )
        if may_be_missing and status == HTTPStatus.NOT_FOUND:
            return _Response(status, None, None, None)
        if status != HTTPStatus.OK:
            raise OperatorError(f"{self.url}{path}: HTTP {status}: {_ADVICE.get(status, _OTHER)}")
        return _Response(
            status,
            self._body(path, response),
            response.headers.get("x-result-count"),
            _page_after(response.links.get("next", {}).get("url")),
        )

    def _body(self, path: str, response: requests.Response) -> Json:
        pieces, size = [], 0
        for piece in response.iter_content(CHUNK_BYTES):
            size += len(piece)
            if size > LARGEST_BODY:
                raise OperatorError(f"{self.url}{path}: the response is over {LARGEST_BODY} bytes")
            pieces.append(piece)
        try:
            return msgspec.json.decode(b"".join(pieces))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise OperatorError(
                f"{self.url}{path}: is not JSON; give the URL under which /api/ is Waldur's API"
            ) from None


_ADVICE = {
    401: "Waldur refuses the token; take a valid one",
    403: "the token's user may not read this; take a token of a staff or support user",
    404: "there is no such list; give the URL under which /api/ is Waldur's API",
}
_OTHER = "not what Waldur sends; is this its URL?"


def _mapping(path: str, body: Json) -> Mapping[str, Json]:
    if not isinstance(body, dict):
        raise OperatorError(f"{path}: expected an object")
    return body


def _total(path: str, response: _Response) -> int:
    total = _number(response.total or "")
    if total is None:
        raise OperatorError(f"{path}: the response has no X-Result-Count, which Waldur sends")
    return total


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _page_after(url: str | None) -> str | None:
    """Return the page number in the URL of the next page, `""` if there is none."""
    if url is None:
        return None
    try:
        return parse_qs(urlsplit(url).query).get("page", [""])[-1]
    except ValueError:
        return ""


def _retry_after(value: str | None) -> float:
    """Return the seconds that `Retry-After` demands, bounded; 0 without one."""
    seconds = 0.0
    if value and value.strip().isdecimal():
        seconds = float(value)
    elif value:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_DELAY_SECONDS)


def _reason(error: requests.RequestException) -> str:
    """Return the innermost reason, without the URL and the objects that requests shows."""
    if isinstance(error, requests.Timeout):
        return "no response in time"
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return " ".join(str(cause).split())[:200] or type(cause).__name__
