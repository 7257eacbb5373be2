"""Parses the groups that a port or an instance shall have."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.fields import (
    FieldError,
    Hyperlink,
    clean_fields,
    not_a_list,
    printable,
    refuse_null,
)
from ringfence.security_groups.schemas import COLLECTION
from ringfence.text.json_value import Json

FIELD = "security_groups"
# Errors that one response lists
_MOST_ERRORS = 10

_LINK = Hyperlink(COLLECTION)
_ALLOWED = f"a list of {_LINK.allowed}"
# What responses show of a group; only the URL is read.
_SHOWN = frozenset({"url", "uuid", "name", "rules", "description", "state"})


class Groups:
    """A list of URLs, or of objects with a `url`; its value is a list of UUIDs."""

    allowed = _ALLOWED

    def clean(self, value: Json) -> list[UUID]:
        """Return the UUIDs in their order; raises `FieldError` or `Invalid`."""
        refuse_null(value, self.allowed)
        if not isinstance(value, list):
            (message,) = not_a_list(value)["non_field_errors"]
            raise FieldError(message, hints.allowed(self.allowed))
        found: dict[str, int] = {}
        errors: list[str] = []
        for number, entry in enumerate(value, 1):
            if len(errors) == _MOST_ERRORS:
                break
            errors += _problems(number, entry, found)
        if errors:
            raise Invalid(errors)
        return [UUID(uuid) for uuid in found]


def _problems(number: int, entry: Json, found: dict[str, int]) -> Iterator[str]:
    """Yield the error of an entry, or note its UUID."""
    try:
        uuid = _uuid_of(entry)
    except FieldError as error:
        yield in_entry(number, error.args[0])
        return
    if (first := found.setdefault(uuid, number)) != number:
        yield in_entry(number, f"This is the group of entry {first}. Name each group once.")


def _uuid_of(entry: Json) -> str:
    if isinstance(entry, Mapping):
        if unknown := sorted(printable(key) for key in entry if key not in _SHOWN):
            raise FieldError(f"There is no such key: {unknown[0]}.", "Allowed: url.")
        if "url" not in entry:
            raise FieldError("This field is required: url.", hints.allowed(_LINK.allowed))
        entry = entry["url"]
    uuid = _LINK.clean(entry)
    if uuid is None:
        raise FieldError("This field may not be null.", hints.allowed(_LINK.allowed))
    return uuid


def in_entry(number: int, message: str) -> str:
    """Return a message about the entry with this number, from 1, with its hint."""
    hint = message.hint if isinstance(message, Message) else ""
    text = f"Entry {number}: {message}"
    return Message(text, hint) if hint else text


def clean_groups(body: Json) -> list[UUID]:
    """Return the UUIDs of the groups in the body; raises `Invalid`."""
    groups: list[UUID] = clean_fields(body, {FIELD: Groups()}, required=(FIELD,))[FIELD]
    return groups
