"""Pages of lists: the parameters `page` and `page_size`, and the header `Link`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ringfence.errors import Invalid, Message, NotFound
from ringfence.http import hints

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 300
LONGEST_QUERY = 8192
# The parameters that are not the same for all pages of a list
PAGE_PARAMETERS = frozenset({"page", "cursor"})


class InvalidPage(NotFound):
    def __init__(self) -> None:
        super().__init__(
            Message("Invalid page.", hints.allowed("`last`, or a page from 1 that has objects"))
        )


@dataclass(frozen=True, slots=True)
class Page:
    """The requested page; `number` counts from 1, None is the last page."""

    number: int | None
    size: int

    @property
    def offset(self) -> int | None:
        """Return the number of rows before the page; None where it depends on the count."""
        return None if self.number is None else (self.number - 1) * self.size

    def resolve(
        self, count: int, *, has_next: bool | None = None, has_more: bool = False
    ) -> "NumberedPage":
        """Return the page with its number, now that the count is known; raises `InvalidPage`.

        `has_next` is given for a page with a cursor. Such a page always exists, because its URL was
        in a `Link`, even if rows were deleted since. `has_more` says that more rows follow those
        that were counted.
        """
        last = max(1, -(-count // self.size))
        number = last if self.number is None else self.number
        if has_next is not None:
            return NumberedPage(number, max(last, number + has_next), has_next=has_next)
        if number > last:
            raise InvalidPage
        return NumberedPage(number, last, has_next=has_more or number < last)


class NumberedPage(NamedTuple):
    """A page that exists."""

    number: int
    last: int
    has_next: bool


def read_page(query: QueryParams, maximum: int = MAXIMUM_SIZE) -> Page:
    """Read `page` and `page_size`: a bad size is the default, a bad page raises `InvalidPage`."""
    return Page(_read_number(query), _read_size(query, maximum))


def _read_size(query: QueryParams, maximum: int) -> int:
    size = _digits(query.get("page_size", ""))
    return min(size, maximum) if size else DEFAULT_SIZE


def _read_number(query: QueryParams) -> int | None:
    text = query.get("page", "").strip()
    if not text:
        return 1
    if text == "last":
        return None
    number = _digits(text)
    if not number:
        raise InvalidPage
    return number


def _digits(text: str) -> int:
    text = text.strip()
    # No table has more rows.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0  # noqa: PLR2004


class Links:
    """The `Link` headers of all pages of one query.

    Clients rely on the order first, prev, next, last. Keys are sorted, a repeated key keeps the
    order of its values, and the first page has no `page`. Raises `Invalid` for a query that is too
    long to be repeated four times.
    """

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        kept = sorted(
            (pair for pair in query if pair[0] not in PAGE_PARAMETERS), key=lambda pair: pair[0]
        )
        self._first = "?" + urlencode(kept) if kept else ""
        if len(self._first) > LONGEST_QUERY:
            raise Invalid({"detail": f"The query string must not exceed {LONGEST_QUERY} bytes."})
        before = [pair for pair in kept if pair[0] < "page"]
        after = [pair for pair in kept if pair[0] > "page"]
        self._before = "?" + urlencode(before) + "&page=" if before else "?page="
        self._after = "&" + urlencode(after) if after else ""

    def header(
        self, url: str, page: NumberedPage, cursor: str | None = None, *, has_last: bool = True
    ) -> str:
        """Return the header of a page; `url` has no query, `cursor` is that of the next page.

        Without `has_last`, the last page is not known.
        """
        links = [f'<{url}{self._first}>; rel="first"']
        if page.number > 1:
            links.append(f'<{self._url(url, page.number - 1)}>; rel="prev"')
        if page.has_next:
            last_parameter = f"&cursor={cursor}" if cursor else ""
            links.append(f'<{self._url(url, page.number + 1)}{last_parameter}>; rel="next"')
        if has_last:
            links.append(f'<{self._url(url, page.last)}>; rel="last"')
        return ", ".join(links)

    def _url(self, url: str, number: int) -> str:
        if number == 1:
            return url + self._first
        return f"{url}{self._before}{number}{self._after}"
