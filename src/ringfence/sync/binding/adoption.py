"""What an operator decides of a group: which group in the cloud it is.

The cloud is read and never changed; what differs then is drift.
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
from ringfence.sync.compare import (
    compare,
    drift_digest,
    is_adopted,
    mark_hidden_remotes_of,
    unreadable_message,
)
from ringfence.sync.drivers import Clouds, is_own, project_of
from ringfence.sync.manual import find_group
from ringfence.sync.observing import observation_of

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,254}")
_DIFFERS = (
    "This is the cloud's group {} from now on, which differs from what is desired (see its "
    "drift): nothing was changed. Setting its rules, or pulling it, makes the cloud's group what "
    "is desired."
)


@dataclass(frozen=True, slots=True)
class _Adoption:
    placement: Placement
    found: CloudGroup
    refresh: GroupDiff


async def adopt(database: Database, named: str, backend_id: str) -> list[str]:
    """Make a group the cloud's group `backend_id`; return lines that say what was done.

    Raises `OperatorError`: nothing was changed then.
    """
    if not _ID.fullmatch(backend_id):
        raise OperatorError(f"{backend_id!r} is no id of a security group in a cloud")
    local, placement = await find_group(database, named)
    if local.backend_id == backend_id:
        return [f"{local.name} is the cloud's group {backend_id} already"]
    if local.state not in {State.OK, State.ERRED}:
        raise OperatorError(f"{local.name} is {local.state}: wait until that has ended")
    clouds = Clouds(database)
    try:
        found = await _look(clouds.of(placement), placement, local, backend_id)
    except CloudError as error:
        raise OperatorError(f"tenant {placement.tenant_name}: {error}") from None
    finally:
        await clouds.close()
    return await _bind(database, _Adoption(placement, found, compare(local, found)))


async def _look(
    cloud: NetworkCloud, placement: Placement, local: LocalGroup, backend_id: str
) -> CloudGroup:
    try:
        found = mark_hidden_remotes_of(local, await cloud.get_group(backend_id))
    except GroupNotFound:
        raise OperatorError(f"the cloud has no security group {backend_id}") from None
    if not is_own(placement, found):
        raise OperatorError(
            f"the cloud's group {found.id} belongs to the project {found.project_id}, and tenant "
            f"{placement.tenant_name} is the project {project_of(placement)}"
        )
    if (found.name == DEFAULT_NAME) != (local.name == DEFAULT_NAME):
        raise OperatorError(
            f"the cloud's group {found.id} is called {found.name}, and this one {local.name}: "
            f"only the group {DEFAULT_NAME} can be Neutron's own"
        )
    if found.unreadable:
        raise OperatorError(unreadable_message(found))
    if local.backend_id and await _is_there(cloud, placement, local.backend_id):
        raise OperatorError(
            f"{local.name} is the cloud's group {local.backend_id}, which is there: "
            "delete it there first if this is no longer so"
        )
    return found


async def _is_there(cloud: NetworkCloud, placement: Placement, backend_id: str) -> bool:
    try:
        return is_own(placement, await cloud.get_group(backend_id))
    except GroupNotFound:
        return False


async def _bind(database: Database, adoption: _Adoption) -> list[str]:
    local, found, placement = adoption.refresh.local, adoption.found, adoption.placement
    async with database.transaction() as connection:
        await tenants.lock(connection, placement.tenant_id)
        if local.id not in await lock_unchanged(connection, [local]):
            raise OperatorError(f"{local.name} changed at the same time: run this again")
        holder = await bindings.holder_of(connection, placement.tenant_id, found.id)
        _require_import(holder)
        binding = _binding(adoption)
        await bindings.bind(connection, placement, binding, holder)
        drift = "" if is_adopted(adoption.refresh) else drift_digest(adoption.refresh, found)
        look = observation_of(local.id, found, drift)
        await observations.write(connection, [look], None)
    return _lines(adoption, binding, holder)


def _require_import(holder: Holder | None) -> None:
    if holder is not None and not holder.is_import:
        raise OperatorError(
            f"the cloud's group is the security group {holder.name} {holder.uuid.hex} here, of "
            "which somebody asked something: unlink that one first if it is not needed"
        )


def _binding(adoption: _Adoption) -> Binding:
    refresh, found = adoption.refresh, adoption.found
    if not refresh.is_change:
        return Binding(refresh.local, found.id, None, State.OK, "")
    is_unsent = refresh.local.is_outstanding
    state = State.ERRED if is_unsent else State.OK
    message = _DIFFERS.format(found.id) if is_unsent else ""
    return Binding(refresh.local, found.id, _difference(refresh), state, message)


def _difference(refresh: GroupDiff) -> Mapping[str, Any]:
    return {
        "rules_missing_in_cloud": len(refresh.remove),
        "rules_unexpected_in_cloud": len(refresh.add),
        "name": refresh.name,
        "description": refresh.description,
    }


def _lines(adoption: _Adoption, binding: Binding, holder: Holder | None) -> list[str]:
    refresh, found = adoption.refresh, adoption.found
    local = refresh.local
    lines = [f"{local.name} {local.uuid.hex} is the cloud's group {found.id} from now on"]
    if holder is not None:
        lines.append(f"the imported group {holder.uuid.hex} is merged into it")
    if binding.difference is None:
        return [*lines, "the cloud has what is desired"]
    lines.append(
        f"they differ: {len(refresh.remove)} desired rules are missing in the cloud, "
        f"{len(refresh.add)} rules are there besides; nothing was changed"
    )
    return [*lines, _next(local)]


def _next(local: LocalGroup) -> str:
    if local.is_outstanding:
        return "setting its rules, or pulling it, makes the cloud's group what is desired"
    return {
        DriftMode.ADOPT: "its drift mode is adopt: the next pull takes over what the cloud has",
        DriftMode.ENFORCE: "its drift mode is enforce: the next pull pushes what is desired",
        DriftMode.REPORT: "its drift mode is report: it stays so until somebody decides",
    }[local.drift_mode]
