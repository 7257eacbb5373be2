"""From documents to the body of a response: base URL, lists, selected fields."""

from collections.abc import Iterator, Sequence

import msgspec

# Stands for the base of a URL in a stored document (see database/views).
BASE_MARK = b"\x01"

_group_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_encode = msgspec.json.Encoder().encode


def with_base(document: bytes, base: str) -> bytes:
    """Replace the mark by the base URL in one or many documents."""
    return document.replace(BASE_MARK, base.encode())


def list_of(documents: list[bytes], base: str) -> bytes:
    """Join documents to a list with the base URL.

    The brackets are added to the first and last document, so that the whole list is copied once.
    """
    if not documents:
        return b"[]"
    documents[0] = b"[" + documents[0]
    documents[-1] += b"]"
    return with_base(b",".join(documents), base)


# Longer lists are built and sent in pieces.
LARGE = 1024 * 1024


def pieces_of(documents: list[bytes], base: str, fields: "FieldSelection") -> Iterator[bytes]:
    """Yield the bytes of `list_of` and `FieldSelection.of_list`, about 1 MB at a time.

    Documents that were yielded are released.
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


class FieldSelection:
    """The fields of a response: no names mean all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        # Built from the first list: objects of a collection have the same fields in one order.
        self._list_decoder: msgspec.json.Decoder[list[msgspec.Struct]] | None = None

    def of_one(self, document: bytes) -> bytes:
        """Return the document with the named fields, or with all if no name is known.

        Values are copied without decoding. The document must have its base URL.
        """
        if not self._names:
            return document
        group = _group_decoder.decode(document)
        kept = {key: value for key, value in group.items() if key in self._names}
        return _encode(kept) if kept else document

    def of_list(self, documents: bytes) -> bytes:
        """Return the list with the named fields of each document."""
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
    """Return a decoder that skips all other fields, which takes a third of the time."""
    positions = {f"field_{number}": name for number, name in enumerate(names)}
    fields = [(position, msgspec.Raw) for position in positions]
    chosen = msgspec.defstruct("Chosen", fields, rename=positions)
    return msgspec.json.Decoder(list[chosen])  # type: ignore[valid-type] # made just now
