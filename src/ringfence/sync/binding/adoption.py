"""Bind a group to a group in the cloud by an operator's decision (`ringfence sync adopt`).

The cloud is read and never changed; a difference from the desired rules is drift.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.neutron.port import CloudError, CloudGroup, GroupNotFound, NetworkCloud
from ringfence.security_groups.cloud_state import bindings, observations
from ringfence.security_groups.cloud_state.bindings import Binding, Holder
from ringfence.security_groups.cloud_state.refresh import GroupDiff, lock_unchanged
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.states import State
from ringfence.security_groups.traffic_changes import Grade
from ringfence.sync.compare import (
    compare,
    drift_digest,
    drift_grade,
    is_adopted,
    mark_hidden_remotes_of,
    unreadable_message,
)
from ringfence.sync.drivers import Clouds, is_own, project_of
from ringfence.sync.manual import find_group
from ringfence.sync.observing import observation_of

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,254}")
_DRIFT_MESSAGE = (
    "This is the cloud's group {} from now on. It is not as desired (see its drift) and "
    "was not changed. Set its rules, or pull it, to push what is desired."
)


@dataclass(frozen=True, slots=True)
class _Adoption:
    placement: Placement
    observed: CloudGroup
    diff: GroupDiff


async def adopt(
    database: Database, named: str, backend_id: str, tenant: str | None = None
) -> list[str]:
    """Bind a group to the cloud's group `backend_id`; return lines that say what was done.

    Raises `OperatorError`; nothing was changed then.
    """
    if not _ID.fullmatch(backend_id):
        raise OperatorError(f"{backend_id!r} is not the id of a security group in a cloud")
    local, placement = await find_group(database, named, tenant)
    if local.backend_id == backend_id:
        return [f"{local.name} is the cloud's group {backend_id} already"]
    if local.state not in {State.OK, State.ERRED}:
        raise OperatorError(f"{local.name} is {local.state}: run this again when that has ended")
    clouds = Clouds(database)
    try:
        observed = await _get_adoptable(clouds.of(placement), placement, local, backend_id)
    except CloudError as error:
        raise OperatorError(f"tenant {placement.tenant_name}: {error}") from None
    finally:
        await clouds.close()
    return await _bind(database, _Adoption(placement, observed, compare(local, observed)))


async def _get_adoptable(
    cloud: NetworkCloud, placement: Placement, local: LocalGroup, backend_id: str
) -> CloudGroup:
    try:
        observed = mark_hidden_remotes_of(local, await cloud.get_group(backend_id))
    except GroupNotFound:
        raise OperatorError(
            f"the cloud has no security group {backend_id}; openstack security group list shows all"
        ) from None
    if not is_own(placement, observed):
        raise OperatorError(
            f"the cloud's group {observed.id} belongs to the project {observed.project_id}, and "
            f"tenant {placement.tenant_name} is the project {project_of(placement)}"
        )
    if (observed.name == DEFAULT_NAME) != (local.name == DEFAULT_NAME):
        raise OperatorError(
            f"the cloud's group {observed.id} is named {observed.name}, and this one {local.name}: "
            f"only the group {DEFAULT_NAME} can be Neutron's own"
        )
    if observed.unreadable:
        raise OperatorError(unreadable_message(observed))
    if local.backend_id and await _is_present(cloud, placement, local.backend_id):
        raise OperatorError(
            f"{local.name} is the cloud's group {local.backend_id}, which exists: "
            "delete it there first if it is not needed"
        )
    return observed


async def _is_present(cloud: NetworkCloud, placement: Placement, backend_id: str) -> bool:
    try:
        return is_own(placement, await cloud.get_group(backend_id))
    except GroupNotFound:
        return False


async def _bind(database: Database, adoption: _Adoption) -> list[str]:
    local, observed, placement = adoption.diff.local, adoption.observed, adoption.placement
    async with database.transaction() as connection:
        await tenants.lock(connection, placement.tenant_id)
        if local.id not in await lock_unchanged(connection, [local]):
            raise OperatorError(f"{local.name} changed at the same time: run this again")
        holder = await bindings.lock_holder(connection, placement.tenant_id, observed.id)
        _require_import(holder)
        binding = _binding(adoption)
        await bindings.bind(connection, placement, binding, holder)
        drift = "" if is_adopted(adoption.diff) else drift_digest(adoption.diff, observed)
        grade = drift_grade(adoption.diff, observed) if drift else Grade.NONE
        observation = observation_of(local.id, observed, drift, grade)
        await observations.write(connection, [observation], None)
    return _lines(adoption, binding, holder)


def _require_import(holder: Holder | None) -> None:
    if holder is not None and not holder.is_import:
        raise OperatorError(
            f"the cloud's group belongs to the security group {holder.name} {holder.uuid.hex}, "
            "which a user has changed: unlink that one first if it is not needed"
        )


def _binding(adoption: _Adoption) -> Binding:
    diff, observed = adoption.diff, adoption.observed
    if not diff.is_change:
        return Binding(diff.local, observed.id, None, State.OK, "")
    is_unsent = diff.local.is_outstanding
    state = State.ERRED if is_unsent else State.OK
    message = _DRIFT_MESSAGE.format(observed.id) if is_unsent else ""
    return Binding(diff.local, observed.id, _difference(diff), state, message)


def _difference(diff: GroupDiff) -> Mapping[str, Any]:
    return {
        "rules_missing_in_cloud": len(diff.remove),
        "rules_unexpected_in_cloud": len(diff.add),
        "name": diff.name,
        "description": diff.description,
    }


def _lines(adoption: _Adoption, binding: Binding, holder: Holder | None) -> list[str]:
    diff, observed = adoption.diff, adoption.observed
    local = diff.local
    lines = [f"{local.name} {local.uuid.hex} is the cloud's group {observed.id} from now on"]
    if holder is not None:
        lines.append(f"the imported group {holder.uuid.hex} is merged into it")
    if binding.difference is None:
        return [*lines, "the cloud has what is desired"]
    lines.append(
        f"they differ: {len(diff.remove)} desired rules are missing in the cloud, "
        f"{len(diff.add)} rules are unexpected there; nothing was changed"
    )
    return [*lines, _next_step(local)]


def _next_step(local: LocalGroup) -> str:
    if local.is_outstanding:
        return "set its rules, or pull it, to push what is desired"
    return {
        DriftMode.ADOPT: "its drift mode is adopt: the next pull adopts what the cloud has",
        DriftMode.ENFORCE: "its drift mode is enforce: the next pull pushes what is desired",
        DriftMode.REPORT: "its drift mode is report: it stays so until a user decides",
    }[local.drift_mode]
