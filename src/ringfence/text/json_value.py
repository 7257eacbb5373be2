"""The type of values parsed from JSON and not validated yet."""

from typing import Any, TypeAlias

# An alias, not a recursive type: each reader validates what it uses.
Json: TypeAlias = Any
