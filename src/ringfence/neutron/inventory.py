"""Everything that one entry of clouds.yaml shows of its cloud, list by list and page by page.

It signs in and sends GET requests, nothing else. One list covers all projects: there is no request
for each of them. A page that fails is requested again, and a smaller one if the cloud is slow.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from ringfence.neutron import identity, translate
from ringfence.neutron.call import Call, is_about_project_id
from ringfence.neutron.identity import Account, CloudDomain, CloudProject
from ringfence.neutron.list_queries import MAX_PAGES, PORT_FIELDS
from ringfence.neutron.openstack import CALL_SECONDS, MAX_RESPONSE_BYTES
from ringfence.neutron.port import (
    AccessRefused,
    CloudError,
    CloudUnreachable,
    GroupNotFound,
    NoSuchResource,
    PortNotFound,
    ProjectStatus,
    RequestRefused,
    Retry,
    TooManyRequests,
    UnknownPath,
)
from ringfence.text.json_value import Json

if TYPE_CHECKING:
    from ringfence.neutron.sessions import EntrySessions

logger = structlog.get_logger(__name__)

Result = TypeVar("Result")
Pause = Callable[[float], Awaitable[object]]

# The sizes of a page that are tried one after the other, and the seconds before each
ATTEMPTS = ((500, 0.0), (500, 1.0), (100, 5.0))
LONGEST_WAIT_SECONDS = 60.0
# How many items of the last page may have been deleted when the next one is requested
MARKERS = 20


class Kind(StrEnum):
    """A list of the network service."""

    GROUPS = "security_groups"
    PORTS = "ports"
    FLOATING_IPS = "floatingips"
    POLICIES = "rbac_policies"


_FIELDS: Mapping[Kind, Sequence[str]] = {
    Kind.PORTS: PORT_FIELDS,
    Kind.FLOATING_IPS: ("id", "floating_ip_address", "port_id", "project_id", "tenant_id"),
}
_FILTERS: Mapping[Kind, Mapping[str, str]] = {Kind.POLICIES: {"object_type": "security_group"}}
# Kinds that a cloud may not have
OPTIONAL = frozenset({Kind.FLOATING_IPS, Kind.POLICIES})


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects that Keystone lists; `is_complete` is false if it cut the list."""

    projects: tuple[CloudProject, ...]
    is_complete: bool


class Inventory:
    """One entry of clouds.yaml; `close` it after use."""

    def __init__(
        self, entry: str, *, call_seconds: float = CALL_SECONDS, pause: Pause = asyncio.sleep
    ) -> None:
        self.entry = entry
        # How many requests were sent, signing in apart
        self.requests = 0
        self.skipped = 0
        self._call_seconds = call_seconds
        self._pause = pause
        self._sessions: EntrySessions | None = None

    async def account(self) -> Account:
        """Sign in and return whose token it is; raise `CloudError`."""
        return await self._attempt(
            lambda sessions: sessions.account(self.entry, self._call_seconds)
        )

    async def domains(self) -> list[CloudDomain]:
        """Return the domains; none if the credentials may not list them."""
        found: list[CloudDomain] = []
        try:
            async for body in self._identity_pages("domains"):
                found += identity.domains_from_body(body, self._skip)
        except AccessRefused:
            return []
        return found

    async def projects(self) -> Projects | None:
        """Return all projects; `None` if the credentials may not list them."""
        found: dict[str, CloudProject] = {}
        is_complete = True
        try:
            async for body in self._identity_pages("projects"):
                read = identity.projects_from_body(body, self._skip)
                found |= {project.id: project for project in read}
                # Each page but the last is marked as cut, too.
                is_complete = not identity.is_cut(body)
        except AccessRefused:
            return None
        return Projects(tuple(found.values()), is_complete)

    async def is_missing(self, project_id: str) -> bool:
        """Return whether Keystone says that there is no such project."""
        status = await self._attempt(
            lambda sessions: sessions.project_status(self.entry, project_id, self._call_seconds)
        )
        return status is ProjectStatus.MISSING

    async def pages(self, kind: Kind, project_id: str = "") -> AsyncIterator[list[Json]]:
        """Yield the items of each page, of all projects or of one.

        A list that a cloud may not have is empty then. Raises `CloudError`.
        """
        query: dict[str, Any] = dict(_FILTERS.get(kind, {}))
        if kind in _FIELDS:
            query["fields"] = list(_FIELDS[kind])
        if project_id:
            query["project_id"] = project_id
        markers: list[str] = []
        # The last item of each page: the pages of a list that leads back would fill the disk.
        ends: set[str] = set()
        for _ in range(MAX_PAGES * 10):
            try:
                body = await self._page(kind, query, markers)
            except (NoSuchResource, AccessRefused):
                if kind in OPTIONAL:
                    return
                raise
            items = _items(body, kind)
            if items:
                yield items
            if not translate.has_next(body, f"{kind}_links"):
                return
            following = list(_last_ids(items))
            if not following or following[0] in ends:
                break
            ends.add(following[0])
            markers = following
        raise CloudUnreachable(translate.ENDLESS_LIST)

    async def _page(self, kind: Kind, query: Mapping[str, Any], markers: Sequence[str]) -> Json:
        """Return the page after the first of the `markers` that still exists."""
        for marker in markers or [""]:
            try:
                return await self._page_after(kind, query, marker)
            except NoSuchResource:
                raise
            except (GroupNotFound, PortNotFound, UnknownPath):
                if not marker:
                    raise
                logger.info("marker_deleted", entry=self.entry, kind=kind, marker=marker)
        raise CloudUnreachable("The cloud's list changes faster than it can be read.")

    async def _page_after(self, kind: Kind, query: Mapping[str, Any], marker: str) -> Json:
        path = "/" + kind.replace("_", "-")

        def get(sessions: "EntrySessions", limit: int) -> Json:
            page = dict(query) | {"limit": str(limit)} | ({"marker": marker} if marker else {})
            call = Call("GET", path, page)
            try:
                return sessions.call(self.entry, call, self._call_seconds)
            except RequestRefused as refused:
                if not is_about_project_id(str(refused)):
                    raise
            return sessions.call(self.entry, call.with_tenant_id(), self._call_seconds)

        return await self._attempt_sizes(get)

    async def _identity_pages(self, kind: str) -> AsyncIterator[Json]:
        page: Mapping[str, str] | None = {}
        markers: set[str] = set()
        for _ in range(MAX_PAGES):
            get = partial(self._get_identity, f"/{kind}", page)
            body = await self._attempt(get)
            yield body
            page = identity.next_page(body, page or {})
            if page is None:
                return
            if page["marker"] in markers:
                break
            markers.add(page["marker"])
        raise CloudUnreachable(translate.ENDLESS_LIST)

    def _get_identity(
        self, path: str, query: Mapping[str, str] | None, sessions: "EntrySessions"
    ) -> Json:
        return sessions.identity(self.entry, path, query or {}, self._call_seconds)

    async def _attempt(self, work: Callable[["EntrySessions"], Result]) -> Result:
        return await self._attempt_sizes(lambda sessions, _limit: work(sessions))

    async def _attempt_sizes(self, work: Callable[["EntrySessions", int], Result]) -> Result:
        """Do the work in a thread; again after a temporary error, with the next size of a page."""
        after = 0.0
        for number, (limit, seconds) in enumerate(ATTEMPTS, start=1):
            if number > 1:
                await self._pause(max(after, seconds))
            try:
                self.requests += 1
                return await asyncio.to_thread(self._with_sessions, work, limit)
            except UnknownPath:
                raise
            except Retry as error:
                if number == len(ATTEMPTS):
                    raise
                after = _wait(error)
                logger.warning("page_retried", entry=self.entry, error=str(error))
        raise AssertionError("the last attempt returns or raises")

    def _with_sessions(self, work: Callable[["EntrySessions", int], Result], limit: int) -> Result:
        if self._sessions is None:
            # It loads the SDK, which takes a second or two.
            from ringfence.neutron.sessions import EntrySessions  # noqa: PLC0415

            self._sessions = EntrySessions(MAX_RESPONSE_BYTES)
        return work(self._sessions, limit)

    def _skip(self, kind: str, item: str, reason: str) -> None:
        self.skipped += 1
        logger.warning("cloud_item_skipped", entry=self.entry, kind=kind, item=item, reason=reason)

    def close(self) -> None:
        """Close the connections."""
        if self._sessions is not None:
            self._sessions.close()


def _items(body: Json, kind: Kind) -> list[Json]:
    items = body.get(kind) if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise CloudUnreachable(f"The cloud sent a list without {kind}.")
    return items


def _last_ids(items: Sequence[Json]) -> Iterator[str]:
    """Yield the ids of the last items, the last first."""
    for item in reversed(items[-MARKERS:]):
        name = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name:
            yield name


def _wait(error: CloudError) -> float:
    after = error.after if isinstance(error, TooManyRequests) else None
    return min(after or 0.0, LONGEST_WAIT_SECONDS)
