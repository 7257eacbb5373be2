"""The kinds of value that a request's body is made of, and what is said when one is wrong.

Messages are Django REST framework's, since portals show them to people. A field takes what the
caller sent and gives the clean value, or raises `FieldError`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from ringfence.errors import Invalid
from ringfence.http.public_path import without_prefix
from ringfence.text.escaping import controls
from ringfence.text.json_value import Json
from ringfence.text.uuids import ANY_UUID

# What the caller did not send, as opposed to null.
MISSING: Any = object()


class FieldError(ValueError):
    """What is wrong with one value."""


class Field(Protocol):
    """One kind of value."""

    def clean(self, value: Json) -> Json:
        """Give the clean value; raises `FieldError`."""
        ...


def refuse_null(value: Json) -> None:
    """Raise `FieldError` for null."""
    if value is None:
        raise FieldError("This field may not be null.")


@dataclass(frozen=True, slots=True)
class Text:
    """A string, trimmed; numbers become strings, booleans do not."""

    max_length: int
    blank: bool = False
    null: bool = False
    # Where the contract is ours: what lists show on one line
    one_line: bool = False

    def clean(self, value: Json) -> str | None:
        """Give the trimmed string, or None where null is allowed and sent."""
        if value is None and self.null:
            return None
        refuse_null(value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FieldError("Not a valid string.")
        text = str(value)
        if "\x00" in text:
            raise FieldError("Null characters are not allowed.")
        if not is_unicode(text):
            raise FieldError("Not a valid string.")
        text = text.strip()
        if self.one_line and controls(text):
            raise FieldError("Control characters and marks of direction are not allowed.")
        if not text and not self.blank:
            raise FieldError("This field may not be blank.")
        if len(text) > self.max_length:
            raise FieldError(f"Ensure this field has no more than {self.max_length} characters.")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, spelled exactly."""

    words: Sequence[str]

    def clean(self, value: Json) -> str:
        """Give the word."""
        refuse_null(value)
        if not isinstance(value, str) or value not in self.words:
            raise FieldError(f'"{printable(value)}" is not a valid choice.')
        return value


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def clean(self, value: Json) -> bool:
        """Give it as it is."""
        refuse_null(value)
        if not isinstance(value, bool):
            raise FieldError("Must be a valid boolean.")
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; `"80"` and `80.0` are one, booleans are none."""

    minimum: int
    maximum: int
    null: bool = False

    def clean(self, value: Json) -> int | None:
        """Give the number, or None where null is allowed and sent."""
        if value is None and self.null:
            return None
        refuse_null(value)
        number = _whole(value)
        if number is None:
            raise FieldError("A valid integer is required.")
        if number > self.maximum:
            raise FieldError(f"Ensure this value is less than or equal to {self.maximum}.")
        if number < self.minimum:
            raise FieldError(f"Ensure this value is greater than or equal to {self.minimum}.")
        return number


# Digits beyond these are out of any range here; longer ones would only cost time.
_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,20})(\.0*)?\s*")


def _whole(value: Json) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and (match := _INTEGER.fullmatch(value)):
        return int(match[1])
    return None


# Addresses that this service answers, apart from the one a field asks for.
_OTHER_ROUTES = re.compile(
    r"/api/(openstack-security-groups|openstack-tenants|customers|projects|service-settings|users)"
    r"/([0-9a-fA-F-]{32,36}/)?"
)


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """The address of an object, on any host or as a path; gives the uuid in it (32 hex digits)."""

    collection: str

    def clean(self, value: Json) -> str | None:
        """Give the uuid, or None for null and the empty string."""
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            kind = type(value).__name__
            raise FieldError(f"Incorrect type. Expected URL string, received {kind}.")
        path = path_of(value)
        if uuid := uuid_in(path, self.collection):
            return uuid
        if _OTHER_ROUTES.fullmatch(path):
            raise FieldError("Invalid hyperlink - Incorrect URL match.")
        raise FieldError("Invalid hyperlink - No URL match.")


# No address of an object is longer. That of a host name is compared in normal form, which takes
# quadratic time of some texts.
_LONGEST_ADDRESS = 2048


def path_of(address: str) -> str:
    """Return the path of ours in an address, or in a path; empty where there is none."""
    if len(address) > _LONGEST_ADDRESS:
        return ""
    try:
        return without_prefix(unquote(urlsplit(address).path))
    except ValueError:
        return ""


def uuid_in(path: str, collection: str) -> str | None:
    """Give the uuid (32 hex digits) of an object's path in `/api/COLLECTION/UUID/`."""
    match = re.fullmatch(rf"/api/{re.escape(collection)}/({ANY_UUID})/", path)
    return match[1].replace("-", "").lower() if match else None


def clean_fields(
    body: Json,
    fields: Mapping[str, Field],
    *,
    required: Sequence[str] = (),
) -> dict[str, Any]:
    """Clean the fields that were sent; unknown keys are left out.

    Raises `Invalid` with all errors at once: `{"name": ["This field is required."]}`.
    """
    if not isinstance(body, Mapping):
        raise Invalid(not_a_dictionary(body))
    values: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, field in fields.items():
        sent = body.get(name, MISSING)
        if sent is MISSING:
            if name in required:
                errors[name] = ["This field is required."]
            continue
        try:
            values[name] = field.clean(sent)
        except FieldError as error:
            errors[name] = [str(error)]
        except Invalid as error:
            errors[name] = error.detail
    if errors:
        raise Invalid(errors)
    return values


_JSON_TYPES = {list: "list", str: "str", int: "int", float: "float", bool: "bool", dict: "dict"}


def not_a_dictionary(value: Json) -> dict[str, list[str]]:
    """Say that an object was expected."""
    if value is None:
        return {"non_field_errors": ["No data provided"]}
    kind = _JSON_TYPES.get(type(value), "value")
    return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}


def not_a_list(value: Json) -> dict[str, list[str]]:
    """Say that a list was expected."""
    if value is None:
        return {"non_field_errors": ["No data provided"]}
    kind = _JSON_TYPES.get(type(value), "value")
    return {"non_field_errors": [f'Expected a list of items but got type "{kind}".']}


def printable(value: Json) -> str:
    """Give a value as it may stand in an answer: encodable, and not longer than the request."""
    try:
        text = str(value)
    except RecursionError:
        # Python reads lists within lists that it cannot write.
        text = "…"
    return text.encode("utf-8", "replace").decode("utf-8")[:200]


def is_unicode(text: str) -> bool:
    """Tell whether the text can be sent and stored: JSON also holds halves of characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
