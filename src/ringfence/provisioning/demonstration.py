"""The demonstration data, which is part of the package."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ringfence.provisioning.parser import read_text
from ringfence.provisioning.schema import GroupEntry


class InstanceEntry(BaseModel):
    """An instance of the demonstration: its port's address and groups."""

    model_config = ConfigDict(extra="forbid")

    name: str
    address: str
    groups: list[str]
    floating_ip: str | None = None


def demonstration_file() -> AbstractContextManager[Path]:
    """Return the file for `load_files`: a cloud, users, customers, tenants and roles."""
    return resources.as_file(resources.files(__package__) / "demonstration.yaml")


def demonstration_groups() -> Mapping[str, Sequence[dict[str, Any]]]:
    """Return, by tenant name, the groups to create as the API does.

    Each has name, description and rules, as in the body of `create_security_group`, but
    `remote_group` is the name of an earlier group of the tenant.
    """
    text = (resources.files(__package__) / "demonstration_groups.yaml").read_text("utf-8")
    adapter = TypeAdapter(dict[str, list[GroupEntry]])
    tenants = adapter.validate_python(read_text(text))
    return {
        tenant: [group.model_dump(include={"name", "description", "rules"}) for group in groups]
        for tenant, groups in tenants.items()
    }


def demonstration_instances() -> Mapping[str, Sequence[InstanceEntry]]:
    """Return, by tenant name, the instances to create in the sandbox cloud."""
    text = (resources.files(__package__) / "demonstration_instances.yaml").read_text("utf-8")
    return TypeAdapter(dict[str, list[InstanceEntry]]).validate_python(read_text(text))
