"""The fields of request bodies: validation, with the messages of Django REST framework.

Portals show these messages to people. A field validates a value and returns it cleaned, or raises
`FieldError`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.public_path import without_prefix
from ringfence.text.escaping import controls
from ringfence.text.json_value import Json
from ringfence.text.uuids import ANY_UUID

NO_DATA = "No data provided"
NO_NULL = "Null characters are not allowed."

# The value of a key that was not sent, as opposed to null
MISSING: Any = object()


class FieldError(ValueError):
    """The error of one value; a hint says what is allowed where the message does not."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(Message(message, hint) if hint else message)


class Field(Protocol):
    """A kind of value; `allowed` describes its values, for hints."""

    @property
    def allowed(self) -> str: ...

    def clean(self, value: Json) -> Json:
        """Return the cleaned value; raises `FieldError`."""
        ...


def refuse_null(value: Json, allowed: str = "") -> None:
    """Raise `FieldError` for null."""
    if value is None:
        hint = hints.allowed(allowed) if allowed else hints.VALUE_OR_NOTHING
        raise FieldError("This field may not be null.", hint)


@dataclass(frozen=True, slots=True)
class Text:
    """A string, trimmed; numbers become strings, booleans do not."""

    max_length: int
    blank: bool = False
    null: bool = False
    # For operations that Waldur does not have: names that lists show on one line
    one_line: bool = False

    @property
    def allowed(self) -> str:
        return f"a text of {0 if self.blank else 1} to {self.max_length} characters"

    def clean(self, value: Json) -> str | None:
        """Return the trimmed string, or None for null where it is allowed."""
        if value is None and self.null:
            return None
        refuse_null(value, self.allowed)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FieldError("Not a valid string.", hints.allowed(self.allowed))
        text = str(value)
        if "\x00" in text:
            raise FieldError(NO_NULL, hints.WITHOUT_NULL)
        if not is_unicode(text):
            raise FieldError("Not a valid string.", "Send Unicode without unpaired surrogates.")
        text = text.strip()
        if self.one_line and controls(text):
            raise FieldError("Control characters and marks of direction are not allowed.")
        if not text and not self.blank:
            raise FieldError("This field may not be blank.", hints.allowed(self.allowed))
        if len(text) > self.max_length:
            raise FieldError(f"Ensure this field has no more than {self.max_length} characters.")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the words, in exact spelling."""

    words: Sequence[str]

    @property
    def allowed(self) -> str:
        return ", ".join(self.words)

    def clean(self, value: Json) -> str:
        refuse_null(value, self.allowed)
        if not isinstance(value, str) or value not in self.words:
            raise not_a_choice(value, self.words)
        return value


def not_a_choice(value: Json, words: Sequence[str], allowed: str = "") -> FieldError:
    """Return the error of a value that is none of the words; `allowed` describes them."""
    sent = printable(value)
    hint = hints.one_of(words, sent)
    if allowed:
        hint = hint.replace(hints.one_of(words), hints.allowed(allowed))
    return FieldError(f'"{sent}" is not a valid choice.', hint)


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    allowed = "true or false, without quotes"

    def clean(self, value: Json) -> bool:
        refuse_null(value, self.allowed)
        if not isinstance(value, bool):
            raise FieldError("Must be a valid boolean.", hints.allowed(self.allowed))
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer; `"80"` and `80.0` are accepted, booleans are not."""

    minimum: int
    maximum: int
    null: bool = False
    # What its values mean, for hints, if the bounds do not say it
    meaning: str = ""

    @property
    def allowed(self) -> str:
        return self.meaning or f"an integer from {self.minimum} to {self.maximum}"

    def clean(self, value: Json) -> int | None:
        """Return the number, or None for null where it is allowed."""
        if value is None and self.null:
            return None
        refuse_null(value, self.allowed)
        number = _whole(value)
        if number is None:
            raise FieldError("A valid integer is required.", hints.allowed(self.allowed))
        if number > self.maximum:
            raise FieldError(f"Ensure this value is less than or equal to {self.maximum}.")
        if number < self.minimum:
            raise FieldError(f"Ensure this value is greater than or equal to {self.minimum}.")
        return number


# More digits are out of range for all fields.
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


# Paths of other collections, for which Waldur has another message
_OTHER_ROUTES = re.compile(
    r"/api/(openstack-security-groups|openstack-tenants|customers|projects|service-settings|users)"
    r"/([0-9a-fA-F-]{32,36}/)?"
)


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """The URL of an object, on any host or as a path; its value is the UUID (32 hex digits)."""

    collection: str

    @property
    def allowed(self) -> str:
        return f"the object's `url`, as in /api/{self.collection}/UUID/"

    def clean(self, value: Json) -> str | None:
        """Return the UUID, or None for null and the empty string."""
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            kind = type(value).__name__
            message = f"Incorrect type. Expected URL string, received {kind}."
            raise FieldError(message, hints.allowed(self.allowed))
        path = path_of(value)
        if uuid := uuid_in(path, self.collection):
            return uuid
        if _OTHER_ROUTES.fullmatch(path):
            raise FieldError(
                "Invalid hyperlink - Incorrect URL match.", hints.allowed(self.allowed)
            )
        raise FieldError("Invalid hyperlink - No URL match.", self._hint(value))

    def _hint(self, sent: str) -> str:
        path = f"/api/{self.collection}/{sent.strip()}/"
        is_uuid = uuid_in(path, self.collection) is not None
        return hints.allowed(self.allowed) + (f" Send {path}" if is_uuid else "")


# No URL of an object is longer. Python normalizes host names, in quadratic time for some texts.
_LONGEST_URL = 2048


def path_of(url: str) -> str:
    """Return the path of a URL or path without the prefix of `RINGFENCE_PUBLIC_URL`.

    Empty for an invalid URL.
    """
    if len(url) > _LONGEST_URL:
        return ""
    try:
        return without_prefix(unquote(urlsplit(url).path))
    except ValueError:
        return ""


def uuid_in(path: str, collection: str) -> str | None:
    """Return the UUID (32 hex digits) in `/api/COLLECTION/UUID/`; None for another path."""
    match = re.fullmatch(rf"/api/{re.escape(collection)}/({ANY_UUID})/", path)
    return match[1].replace("-", "").lower() if match else None


def clean_fields(
    body: Json,
    fields: Mapping[str, Field],
    *,
    required: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the cleaned values of the fields that were sent, without unknown keys.

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
                errors[name] = [required_message(field)]
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


def required_message(field: Field) -> str:
    """Return the error of a field that was not sent."""
    return Message("This field is required.", hints.allowed(field.allowed))


_JSON_TYPES = {list: "list", str: "str", int: "int", float: "float", bool: "bool", dict: "dict"}


def not_a_dictionary(value: Json) -> dict[str, list[str]]:
    """Return the errors of a value that is not an object."""
    if value is None:
        return {"non_field_errors": [Message(NO_DATA, "Send a JSON object.")]}
    kind = _JSON_TYPES.get(type(value), "value")
    return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}


def not_a_list(value: Json) -> dict[str, list[str]]:
    """Return the errors of a value that is not a list."""
    if value is None:
        return {"non_field_errors": [Message(NO_DATA, "Send a JSON list.")]}
    kind = _JSON_TYPES.get(type(value), "value")
    return {"non_field_errors": [f'Expected a list of items but got type "{kind}".']}


def printable(value: Json) -> str:
    """Return a value as a short text that can be encoded, to repeat it in an error."""
    try:
        text = str(value)
    except RecursionError:
        # Python parses lists that are nested too deeply for `str`.
        text = "…"
    return text.encode("utf-8", "replace").decode("utf-8")[:200]


def is_unicode(text: str) -> bool:
    """Return whether a text is valid Unicode: JSON can contain lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
