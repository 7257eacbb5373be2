"""Read the fields that resources of Neutron have in common; raise `Unusable` for a wrong one."""

from collections.abc import Mapping
from typing import Any

from ringfence.neutron.port import Unusable
from ringfence.neutron.storable_text import storable

LARGEST_REVISION = 2**31 - 1


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return the object; raise `Unusable` for anything else."""
    if not isinstance(value, Mapping):
        raise Unusable("not an object")
    return value


def is_identifier(value: object) -> bool:
    """Return whether it is an id that can be stored as it is."""
    return isinstance(value, str) and bool(value) and storable(value) == value


def identifier(values: Mapping[str, Any], name: str) -> str:
    """Return an id as it is: one that was cleaned or cut would be another's."""
    value = values.get(name)
    if not is_identifier(value):
        raise Unusable(f"{name} is missing" if not value else f"{name} is not an id")
    return str(value)


def owner(values: Mapping[str, Any]) -> str:
    """Return the id of the project."""
    # Old releases have `tenant_id` only.
    return identifier(values, "project_id" if values.get("project_id") else "tenant_id")


def revision(values: Mapping[str, Any]) -> int:
    """Return the revision; 0 if the cloud has none, or an invalid one."""
    value = values.get("revision_number")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:  # noqa: PLR2004 - digits of the largest
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= LARGEST_REVISION else 0
