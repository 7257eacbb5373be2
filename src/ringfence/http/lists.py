"""Paging of lists: `page` and `page_size` in, `Link` and `X-Result-Count` out."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ringfence.errors import NotFound

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 300


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

    def resolve(self, count: int) -> "NumberedPage":
        """Give the page with its number, once the count is known; raises `InvalidPage`."""
        last = max(1, -(-count // self.size))
        number = last if self.number is None else self.number
        if number > last:
            raise InvalidPage
        return NumberedPage(number, last)


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """A page that exists, among how many."""

    number: int
    last: int


def read_page(query: QueryParams) -> Page:
    """Read `page` and `page_size`; a bad size means the default, a bad page is a 404."""
    return Page(_read_number(query), _read_size(query))


def _read_size(query: QueryParams) -> int:
    size = _digits(query.get("page_size", ""))
    return min(size, MAXIMUM_SIZE) if size else DEFAULT_SIZE


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


def link_header(address: str, query: Sequence[tuple[str, str]], page: NumberedPage) -> str:
    """Give the `Link` header: first, prev, next, last in this order, which clients rely on.

    `address` has no query; keys are sorted, a repeated key keeps the order of its values, and
    `page` is left out for the first page.
    """
    kept = [(name, value) for name, value in query if name != "page"]
    numbers = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": page.last}
    if page.number == 1:
        del numbers["prev"]
    if page.number == page.last:
        del numbers["next"]
    links = (
        f'<{_address(address, kept, number)}>; rel="{relation}"'
        for relation, number in numbers.items()
    )
    return ", ".join(links)


def _address(address: str, query: Sequence[tuple[str, str]], number: int) -> str:
    paging = [("page", str(number))] if number > 1 else []
    pairs = sorted([*query, *paging], key=lambda pair: pair[0])
    return f"{address}?{urlencode(pairs)}" if pairs else address
