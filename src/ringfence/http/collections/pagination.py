"""Paging of lists: `page` and `page_size` in, `Link` and `X-Result-Count` out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ringfence.errors import Invalid, NotFound

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 300
LONGEST_QUERY = 8192


class InvalidPage(NotFound):
    """There is no such page."""

    def __init__(self) -> None:
        super().__init__("Invalid page.")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; `number` counts from 1, None is the last page."""

    number: int | None
    size: int

    @property
    def offset(self) -> int | None:
        """Give how many items come before; None where that depends on the count."""
        return None if self.number is None else (self.number - 1) * self.size

    def resolve(self, count: int, *, has_next: bool | None = None) -> "NumberedPage":
        """Give the page with its number, once the count is known; raises `InvalidPage`.

        `has_next` tells of a page that continues another one whether anything follows. Such a page
        exists, however many there are by the count: that may have shrunk since.
        """
        last = max(1, -(-count // self.size))
        number = last if self.number is None else self.number
        if has_next is not None:
            return NumberedPage(number, max(last, number + has_next), has_next=has_next)
        if number > last:
            raise InvalidPage
        return NumberedPage(number, last, has_next=number < last)


class NumberedPage(NamedTuple):
    """A page that exists, among how many."""

    number: int
    last: int
    has_next: bool


def read_page(query: QueryParams, maximum: int = MAXIMUM_SIZE) -> Page:
    """Read `page` and `page_size`; a bad size means the default, a bad page is a 404."""
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
    # More digits than these are past the end of any table.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0  # noqa: PLR2004


class Links:
    """The `Link` header of every page of one query, which is taken apart once.

    First, prev, next, last in this order, which clients rely on; keys are sorted, a repeated key
    keeps the order of its values, and `page` is left out for the first page. Raises `Invalid` for
    a query that is too long to be repeated.
    """

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        kept = sorted((pair for pair in query if pair[0] != "page"), key=lambda pair: pair[0])
        self._first = "?" + urlencode(kept) if kept else ""
        if len(self._first) > LONGEST_QUERY:
            # It stands in the header four times.
            raise Invalid({"detail": f"The query of a list may have {LONGEST_QUERY} bytes."})
        before = [pair for pair in kept if pair[0] < "page"]
        after = [pair for pair in kept if pair[0] > "page"]
        self._before = "?" + urlencode(before) + "&page=" if before else "?page="
        self._after = "&" + urlencode(after) if after else ""

    def header(self, address: str, page: NumberedPage) -> str:
        """Give the header of a page; `address` has no query."""
        links = [f'<{address}{self._first}>; rel="first"']
        if page.number > 1:
            links.append(f'<{self._address(address, page.number - 1)}>; rel="prev"')
        if page.has_next:
            links.append(f'<{self._address(address, page.number + 1)}>; rel="next"')
        links.append(f'<{self._address(address, page.last)}>; rel="last"')
        return ", ".join(links)

    def _address(self, address: str, number: int) -> str:
        if number == 1:
            return address + self._first
        return f"{address}{self._before}{number}{self._after}"
