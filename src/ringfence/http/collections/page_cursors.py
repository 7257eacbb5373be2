"""Page cursors: a page continues after the last row of the page before it.

Page numbers alone cannot do this: a row that is created or deleted on an earlier page shifts all
rows that follow. So the `Link` of a page names the next page with a cursor, which holds the
position of the last row: its values in the columns of the ordering.

A digest binds a cursor to its list, page and user, so that one that was copied to another URL is
refused. It needs no key: a cursor grants nothing, because the rows after the position are read in
the scope of its sender. The values are validated, whoever wrote them.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from hmac import compare_digest
from typing import Literal
from uuid import UUID

import msgspec
from psycopg.pq.abc import PGresult

from ringfence.database.binary_rows import as_text
from ringfence.errors import Invalid
from ringfence.http.fields import is_unicode

# The types of columns that a list can be ordered by, as PostgreSQL names them
PositionType = Literal["text", "bigint", "integer", "timestamptz"]

# Proxies accept request lines of about 8 kB. A page after a longer position is read by its number.
MOST_CHARACTERS = 2048
NOT_A_CURSOR = (
    "This is not the cursor of this page of this list. Follow the URL in the Link header "
    "unchanged, or start again without a cursor."
)

_DIGEST_BYTES = 8
_CURSOR = re.compile(rf"[A-Za-z0-9_-]{{1,{MOST_CHARACTERS}}}")
# As `as_text` writes it: Python and PostgreSQL each read forms that the other does not.
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?\+00:00")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_BITS = {"bigint": 63, "integer": 31}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[str]).decode


def binding_of(list_digest: bytes, user: UUID, page: int) -> bytes:
    """Return what a cursor is bound to: a list, a user and a page (counted from 1)."""
    return list_digest + user.bytes + page.to_bytes(8, "big")


def write_cursor(found: PGresult, row: int, first_column: int, binding: bytes) -> str | None:
    """Return the cursor after a row, whose position is in the columns from `first_column` on.

    None where it would be too long.
    """
    position = _encode(
        [
            as_text(found.ftype(column), found.get_value(row, column) or b"")
            for column in range(first_column, found.nfields)
        ]
    )
    content = _digest(position, binding) + position
    cursor = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    return cursor if len(cursor) <= MOST_CHARACTERS else None


def read_cursor(cursor: str, types: Sequence[PositionType], binding: bytes) -> str:
    """Return the position in a cursor as statements take it, a JSON array of texts.

    Raises `Invalid` for what is not a cursor with this binding and values of these types.
    """
    position = _position(cursor, binding)
    if position is None or len(position) != len(types):
        raise _invalid()
    for text, kind in zip(position, types, strict=True):
        if not _is_valid(text, kind):
            raise _invalid()
    return _encode(position).decode()


def _position(cursor: str, binding: bytes) -> list[str] | None:
    if _CURSOR.fullmatch(cursor) is None:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        digest, position = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        return _decode(position) if compare_digest(digest, _digest(position, binding)) else None
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_valid(text: str, kind: PositionType) -> bool:
    match kind:
        case "text":
            return "\0" not in text and is_unicode(text)
        case "timestamptz":
            return _TIME.fullmatch(text) is not None and _is_time(text)
        case _:
            return _INTEGER.fullmatch(text) is not None and abs(int(text)) < 1 << _BITS[kind]


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _digest(position: bytes, binding: bytes) -> bytes:
    return blake2b(binding + position, digest_size=_DIGEST_BYTES).digest()


def _invalid() -> Invalid:
    return Invalid({"cursor": [NOT_A_CURSOR]})
