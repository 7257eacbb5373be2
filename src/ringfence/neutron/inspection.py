"""Read with one entry of clouds.yaml what it may do: sign-in and GET requests only.

`ringfence doctor` uses it. The driver, which reads and changes groups and ports, is in `openstack`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from ringfence.neutron.call import Call, Query
from ringfence.neutron.credentials import Credentials
from ringfence.neutron.port import NOT_FROM_NEUTRON, CloudError, CloudUnreachable, ProjectStatus
from ringfence.neutron.sessions import EntrySessions
from ringfence.text.json_value import Json


class Inspection:
    """The calls with one entry; each is limited to `seconds` and raises `CloudError` only."""

    def __init__(self, sessions: EntrySessions, entry: str, seconds: float) -> None:
        self.entry = entry
        self._sessions = sessions
        self._seconds = seconds

    async def credentials(self) -> Credentials | None:
        """Sign in and return what the token says; `None` for an `auth_type` without Keystone."""
        return await asyncio.to_thread(self._sessions.credentials, self.entry, self._seconds)

    async def items(self, path: str, query: Query) -> Sequence[Mapping[str, Json]]:
        """Return the items of a list of Neutron, such as `/ports`."""
        call = Call("GET", path, query)
        body = await asyncio.to_thread(self._sessions.call, self.entry, call, self._seconds)
        kind = path.removeprefix("/").replace("-", "_")
        found = body.get(kind) if isinstance(body, Mapping) else None
        if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
            raise CloudUnreachable(f"{NOT_FROM_NEUTRON} ({kind} is missing).")
        return found

    async def quota(self, project_id: str) -> Mapping[str, tuple[int, int]]:
        """Return limit and use of groups and rules in a project; a limit of -1 is none."""
        call = Call("GET", f"/quotas/{quote(project_id, safe='')}/details.json")
        body = await asyncio.to_thread(self._sessions.call, self.entry, call, self._seconds)
        found = body.get("quota") if isinstance(body, Mapping) else None
        if not isinstance(found, Mapping):
            raise CloudUnreachable(f"{NOT_FROM_NEUTRON} (quota is missing).")
        return {
            kind: (int(value["limit"]), int(value["used"]))
            for kind in ("security_group", "security_group_rule")
            if isinstance(value := found.get(kind), Mapping) and {"limit", "used"} <= value.keys()
        }

    async def listed_projects(self, *, only_disabled: bool) -> Mapping[str, bool] | None:
        """Return whether each project of Keystone is enabled; `None` if it does not list them.

        The list may be incomplete: Keystone can be configured to cut it.
        """
        query = {"enabled": "false"} if only_disabled else {}
        try:
            body = await asyncio.to_thread(
                self._sessions.identity, self.entry, "/projects", query, self._seconds
            )
        except CloudError:
            return None
        listed = body.get("projects") if isinstance(body, Mapping) else None
        return {
            str(project.get("id")): bool(project.get("enabled", True))
            for project in (listed if isinstance(listed, list) else ())
            if isinstance(project, Mapping)
        }

    async def project_status(self, project_id: str) -> ProjectStatus:
        """Return whether a project exists, as far as the credentials show."""
        return await asyncio.to_thread(
            self._sessions.project_status, self.entry, project_id, self._seconds
        )

    def now(self) -> datetime | None:
        """Return the time by the clock of the network service; `None` before its first response."""
        return self._sessions.now(self.entry)
