"""Pass many rows as one parameter, for `jsonb_to_recordset`."""

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from psycopg.types.json import Jsonb


def recordset(rows: Sequence[Any]) -> Jsonb:
    """Wrap mappings or dataclasses; UUIDs and times become text."""
    return Jsonb([_mapping(row) for row in rows], dumps=_dumps)


def _mapping(row: Any) -> Any:  # noqa: ANN401 (a mapping or a dataclass)
    if is_dataclass(row) and not isinstance(row, type):
        # `asdict` would copy each value deeply.
        return {field.name: getattr(row, field.name) for field in fields(row)}
    return row


def _dumps(value: object) -> str:
    return json.dumps(value, default=str)
