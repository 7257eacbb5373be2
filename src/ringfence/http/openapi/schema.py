"""JSON Schemas of bodies and responses."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ringfence.core_states import STATES
from ringfence.http.fields import Choice, Field, Hyperlink, Integer, Text
from ringfence.text.json_value import Json

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A named schema; generated clients name a type after it."""

    name: str
    schema: Schema


STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
URI: Schema = {"type": "string", "format": "uri"}
TIME: Schema = {"type": "string", "format": "date-time"}
# UUIDs in requests may have dashes; those in responses have none.
UUID: Schema = {"type": "string", "format": "uuid"}
HEX_UUID: Schema = {**UUID, "pattern": "^[0-9a-f]{32}$"}
FREE_FORM: Schema = {"type": "object", "additionalProperties": True}

# The descriptions of Waldur's properties that have no meaning here
KEPT_EMPTY = "Always empty; here for Waldur's clients."
KEPT_NULL = "Always null; here for Waldur's clients."
KEPT_FALSE = "Always false; here for Waldur's clients."


def nullable(schema: Schema) -> Schema:
    """Return the schema that allows null as well."""
    return {**schema, "type": [schema["type"], "null"]}


def described(schema: Schema | Model, description: str, **more: Json) -> Schema:
    """Return the schema with a description and other keys, for example a default."""
    base = {"$ref": schema} if isinstance(schema, Model) else schema
    return {**base, "description": description, **more}


def array(items: Schema | Model) -> Schema:
    return {"type": "array", "items": items}


def enumeration(name: str, words: Iterable[str] | type[StrEnum]) -> Model:
    return Model(name, {"type": "string", "enum": [str(word) for word in words]})


def object_of(properties: Mapping[str, Schema | Model], required: Collection[str] = ()) -> Schema:
    """Return the schema of an object; raises `ValueError` for a property without description."""
    for name, schema in properties.items():
        if isinstance(schema, Model) or not schema.get("description"):
            raise ValueError(f"the property {name} has no description: use described()")
    whole: Schema = {"type": "object", "properties": properties}
    return {**whole, "required": list(required)} if required else whole


def fields_schema(
    fields: Mapping[str, Field],
    *,
    required: Collection[str] = (),
    more: Mapping[str, Schema | Model] | None = None,
) -> Schema:
    """Return the schema of a body from the fields that validate it.

    `more` adds by name what a field does not have: a description, a default, a model.
    """
    more = more or {}
    properties = {name: _field_schema(entry, more.get(name)) for name, entry in fields.items()}
    extra = {name: schema for name, schema in more.items() if name not in fields}
    return object_of({**properties, **extra}, required)


def _field_schema(entry: Field, more: Schema | Model | None) -> Schema | Model:
    if isinstance(more, Model) or (more and ("$ref" in more or "anyOf" in more)):
        return more
    match entry:
        case Text():
            least = {} if entry.blank else {"minLength": 1}
            schema: Schema = {**STRING, **least, "maxLength": entry.max_length}
        case Integer():
            schema = {**INTEGER, "minimum": entry.minimum, "maximum": entry.maximum}
        case Choice():
            schema = {**STRING, "enum": list(entry.words)}
        case Hyperlink():
            schema = nullable(URI)
        case _:
            schema = {}
    if getattr(entry, "null", False):
        schema = nullable(schema)
    return {**schema, **(more or {})}


CORE_STATES = enumeration("CoreStates", STATES)
DETAIL = Model(
    "Detail",
    object_of(
        {
            "detail": described(STRING, "What happened, or what is wrong."),
            "hint": described(STRING, "The present state or the allowed values, and what to do."),
        },
        ["detail"],
    ),
)
STATUS = Model(
    "Status",
    object_of({"status": described(STRING, "What was scheduled, as a sentence.")}, ["status"]),
)
# The errors of one field: messages, or for a list or an object the errors of its items
_WITHIN: Schema = {"$ref": "#/components/schemas/Messages"}
MESSAGES = Model(
    "Messages",
    {"anyOf": [STRING, array(_WITHIN), {"type": "object", "additionalProperties": _WITHIN}]},
)
FIELD_ERRORS = Model("FieldErrors", {"type": "object", "additionalProperties": MESSAGES})
