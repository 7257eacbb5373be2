"""Where walks through lists are: a page continues after the last row of the page before it.

Numbers alone cannot promise this: a row that comes or goes before the reader's place moves all that
follow. So the last row of each page that has a next one is remembered for a while, under who asked,
for which list, and which page it was; whoever asks for another page is served by its number.

What is remembered is in memory that all API processes of a supervisor share, since the next request
of a walk may reach any of them: made when this module is loaded, before they are forked. It is a
hint: slots are overwritten by newer ones, and a torn or foreign one is as good as none.
"""

import mmap
import struct
import time
import zlib
from hashlib import blake2b

import msgspec
from psycopg.pq.abc import PGresult

from ringfence.database.binary_rows import as_text

SLOTS = 8192
SLOT_BYTES = 1024
# As long as a reader may take for one page
SECONDS = 600.0

# Checksum of the rest, key, time, length of the place
_HEAD = struct.Struct("<I16sdH")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, bytes]]).decode


class Walks:
    """Places in lists, of fixed number and size."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = slots
        self._memory = mmap.mmap(-1, slots * SLOT_BYTES)

    def remember(self, key: bytes, place: bytes) -> None:
        """Keep the last row of a page; one that is too long is not kept."""
        if len(place) > SLOT_BYTES - _HEAD.size:
            return
        rest = _HEAD.pack(0, key, time.time(), len(place))[4:] + place
        start = self._start(key)
        record = zlib.crc32(rest).to_bytes(4, "little") + rest
        self._memory[start : start + len(record)] = record

    def recall(self, key: bytes) -> bytes | None:
        """Give the last row of a page, if it is remembered."""
        start = self._start(key)
        slot = self._memory[start : start + SLOT_BYTES]
        checksum, found, moment, length = _HEAD.unpack_from(slot)
        if found != key or not 0 <= time.time() - moment < SECONDS:
            return None
        end = _HEAD.size + length
        return slot[_HEAD.size : end] if zlib.crc32(slot[4:end]) == checksum else None

    def _start(self, key: bytes) -> int:
        return int.from_bytes(key[:8], "little") % self._slots * SLOT_BYTES


def key_of(caller: bytes, walk: bytes, page: int) -> bytes:
    """Give the key of one page (counted from 1) of a walk by somebody at a database."""
    return blake2b(b"%b%d" % (caller, page), key=walk, digest_size=16).digest()


def place_of(found: PGresult, row: int, first: int) -> bytes:
    """Give where a row stands: its values from a column on, each with the number of its type."""
    return _encode(
        [
            (found.ftype(column), found.get_value(row, column) or b"")
            for column in range(first, found.nfields)
        ]
    )


def after(place: bytes) -> str:
    """Give a place as statements take it: an array of texts, in JSON."""
    texts = [as_text(kind, value) for kind, value in _decode(place)]
    return msgspec.json.encode(texts).decode()


WALKS = Walks()
