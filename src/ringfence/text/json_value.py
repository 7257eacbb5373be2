"""The type of what was read from JSON and is not validated yet."""

from typing import Any, TypeAlias

# An alias, not a recursive type: each reader validates what it takes.
Json: TypeAlias = Any
