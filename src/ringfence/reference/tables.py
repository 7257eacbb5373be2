"""Markdown tables of parameters and fields."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ringfence.reference.openapi_reader import Node, follow
from ringfence.text.escaping import markdown_code

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of a request or response body; `rules.cidr` is one of a nested object."""

    name: str
    schema: Node
    required: bool


def table(rows: Sequence[Row], columns: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table; optional columns are left out if they are empty."""
    shown = [
        column for column in columns if column not in optional or any(row[column] for row in rows)
    ]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    return lines + [
        "| " + " | ".join(_cell(row[column]) for column in shown) + " |" for row in rows
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def parameter_rows(document: Node, parameters: Sequence[Node]) -> list[Row]:
    """Return a row for each parameter, with its default and the allowed values."""
    return [
        {
            "Name": markdown_code(each["name"]),
            "Type": _plain_type(each["schema"]),
            "Required": "✓" if each["required"] else "",
            "Description": each["description"] + _bounds(document, each["schema"]),
        }
        for each in parameters
    ]


# A longer list of words is in the description, or is that of all fields of the response.
_MOST_WORDS = 12


def _bounds(document: Node, schema: Node) -> str:
    shown = follow(document, schema.get("items", schema))
    words = shown.get("enum", ())
    bounds = [
        *(f"at {side} {schema[key]}" for side, key in _SIDES if key in schema),
        *([f"one of {', '.join(f'`{word}`' for word in words)}"] if _is_short(words) else ()),
        *([f"default: `{json.dumps(schema['default'])}`"] if "default" in schema else ()),
    ]
    return f"<br>_Constraints: {'; '.join(bounds)}_" if bounds else ""


_SIDES = (("least", "minimum"), ("most", "maximum"))


def _is_short(words: Sequence[str]) -> bool:
    return 0 < len(words) <= _MOST_WORDS


def body_rows(document: Node, schema: Node) -> list[Row]:
    """Return a row for each field of a request, with its default."""
    return [
        {
            "Field": markdown_code(field.name),
            "Type": type_label(document, field.schema),
            "Required": "✓" if field.required else "",
            "Description": _with_default(field.schema),
        }
        for field in fields(document, schema)
    ]


def response_rows(document: Node, schema: Node) -> list[Row]:
    """Return a row for each field of a response."""
    return [
        {
            "Field": markdown_code(field.name),
            "Type": type_label(document, field.schema),
            "Description": str(field.schema.get("description", "")),
        }
        for field in fields(document, schema)
    ]


def limit_rows(document: Node, schema: Node) -> list[Row]:
    """Return a row for each field with constraints."""
    rows = [
        {
            "Field": markdown_code(field.name),
            "Constraints": "; ".join(_limits(document, field.schema)),
        }
        for field in fields(document, schema)
    ]
    return [row for row in rows if row["Constraints"]]


def fields(document: Node, schema: Node, prefix: str = "") -> Iterator[FieldRow]:
    """Yield the fields of an object, or of the objects of a list, and of nested objects."""
    described = follow(document, schema)
    described = follow(document, described.get("items", described))
    for name, entry in described.get("properties", {}).items():
        yield FieldRow(prefix + name, entry, name in described.get("required", ()))
        yield from fields(document, entry, f"{prefix}{name}.")


def type_label(document: Node, schema: Node) -> str:
    """Return the type for a table; `any` for an enum that has a model."""
    if "properties" in follow(document, schema):
        return "object"
    if _kind(schema) == "array":
        items = follow(document, schema["items"])
        return f"array of {_kind(items)}s" if "type" in items else "array"
    return _plain_type(schema)


def _plain_type(schema: Node) -> str:
    if "type" not in schema:
        return "any"
    if schema.get("additionalProperties"):
        return "object (free-form)"
    form = f" ({schema['format']})" if "format" in schema else ""
    return _kind(schema) + form


def _kind(schema: Node) -> str:
    kind = schema.get("type", "any")
    return kind if isinstance(kind, str) else next(word for word in kind if word != "null")


def _with_default(schema: Node) -> str:
    description = str(schema.get("description", ""))
    if schema.get("default") in (None, "", []):
        return description
    default = f"_Constraints: default: `{schema['default']}`_"
    return f"{description}<br>{default}" if description else default


def _limits(document: Node, schema: Node) -> Iterator[str]:
    for choice in schema.get("anyOf", [schema]):
        described = follow(document, choice)
        if "enum" in described:
            yield "one of " + ", ".join(f"`{word or '(empty)'}`" for word in described["enum"])
        for keyword, words in _LIMITS.items():
            if keyword in described:
                yield words.format(described[keyword])
        if "null" in described.get("type", ()):
            yield "null is accepted"


_LIMITS = {
    "minLength": "at least {} character",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "matching `{}`",
}
