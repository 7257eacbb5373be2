"""From stored documents to the body of an answer: the base of addresses, chosen fields."""

from collections.abc import Iterator, Sequence

import msgspec

# Stands for the base of a URL in a stored document (see database/views).
BASE_MARK = b"\x01"

_group_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_encode = msgspec.json.Encoder().encode


def with_base(document: bytes, base: str) -> bytes:
    """Fill in the base of addresses in one or many stored documents."""
    return document.replace(BASE_MARK, base.encode())


def list_of(documents: list[bytes], base: str) -> bytes:
    """Join stored documents to a list, and fill in the base.

    The brackets go to its ends first: the whole is long, and is copied no more than it must.
    """
    if not documents:
        return b"[]"
    documents[0] = b"[" + documents[0]
    documents[-1] += b"]"
    return with_base(b",".join(documents), base)


# From here on a list is made piece by piece.
LARGE = 1024 * 1024


def pieces_of(documents: list[bytes], base: str, fields: "Choice") -> Iterator[bytes]:
    """Yield the bytes of a list as `list_of` and `Choice.of_list` make it, about 1 MB at a time.

    Documents that are done are let go of.
    """
    start, opened = 0, b"["
    while start < len(documents):
        end, size = start, 0
        while end < len(documents) and size < LARGE:
            size += len(documents[end])
            end += 1
        piece = fields.of_list(list_of(documents[start:end], base))
        documents[start:end] = [b""] * (end - start)
        yield opened + piece[1:-1]
        start, opened = end, b","
    yield b"]"


class Choice:
    """Which fields of objects of one kind an answer has: no names mean all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        # Made of the first list: objects of one kind have the same fields in the same order.
        self._list_decoder: msgspec.json.Decoder[list[msgspec.Struct]] | None = None

    def of_one(self, document: bytes) -> bytes:
        """Keep the named fields; unknown names are ignored, and none known means all fields.

        Values are copied as they are, never decoded. The base of addresses must be filled in.
        """
        if not self._names:
            return document
        group = _group_decoder.decode(document)
        kept = {key: value for key, value in group.items() if key in self._names}
        return _encode(kept) if kept else document

    def of_list(self, documents: bytes) -> bytes:
        """Do so for each object of a list."""
        if not self._names:
            return documents
        if self._list_decoder is None:
            groups = _list_decoder.decode(documents)
            known = [key for key in groups[0] if key in self._names] if groups else []
            if not known:
                return documents
            self._list_decoder = _decoder_of(known)
        return _encode(self._list_decoder.decode(documents))


def _decoder_of(names: Sequence[str]) -> msgspec.json.Decoder[list[msgspec.Struct]]:
    """Give what passes over all fields but these, a third of the work of looking at each."""
    places = {f"field_{number}": name for number, name in enumerate(names)}
    fields = [(place, msgspec.Raw) for place in places]
    chosen = msgspec.defstruct("Chosen", fields, rename=places)
    return msgspec.json.Decoder(list[chosen])  # type: ignore[valid-type] # made just now
