"""The OpenStack driver: `NetworkCloud` over openstacksdk.

Calls use the network adapter's raw JSON: openstacksdk's resource objects cost more than the call.
The SDK is synchronous, so each call runs in one of a few threads of its cloud. It is slow to load,
so the first call loads it with `sessions`; a process that calls no real cloud never loads it.
"""

import asyncio
import re
import time
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog

from ringfence.neutron import firewall, translate
from ringfence.neutron.call import (
    Call,
    Query,
    group_path,
    is_about_project_id,
    port_path,
)
from ringfence.neutron.lazy_sessions import LazySessions
from ringfence.neutron.list_queries import (
    ADDRESS_GROUP_FIELDS,
    AGENT_FIELDS,
    MAX_PAGES,
    MAY_BE_REFUSED,
    PORT_FIELDS,
    filters_of,
)
from ringfence.neutron.port import (
    DEFAULT_INITIAL_REVISION,
    DEFAULT_INITIAL_RULES,
    NOT_FROM_NEUTRON,
    AccessRefused,
    CloudAddressGroup,
    CloudError,
    CloudGroup,
    CloudPort,
    CloudRule,
    CloudUnreachable,
    FirewallDriver,
    GroupNotFound,
    NetworkCloud,
    NoSuchResource,
    ProjectStatus,
    RemoteNotFound,
    RequestRefused,
    UnknownPath,
    comparable_rules,
)
from ringfence.telemetry import tracing
from ringfence.text.json_value import Json

logger = structlog.get_logger(__name__)

CALL_SECONDS = 30.0
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
THREADS = 8
# How long a project that exists is not looked up again
PROJECT_CACHE_SECONDS = 600.0
# "Unrecognized attribute(s) 'description'", or "Attribute 'description' not allowed in POST"
UNKNOWN_DESCRIPTION = re.compile(r"(?i)\battribute.{0,40}\bdescription\b")
# Called when a call has ended: entry, method, error, seconds
NoteCall = Callable[[str, str, CloudError | None, float], None]


class OpenStackClouds:
    """The clouds of clouds.yaml by entry; all tenants of an entry share its threads and tokens."""

    def __init__(
        self,
        *,
        call_seconds: float = CALL_SECONDS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        note_call: NoteCall = lambda *_call: None,
    ) -> None:
        self._lazy = LazySessions(max_response_bytes)
        self._note_call = note_call
        self._call_seconds = call_seconds
        self._clouds: dict[str, OpenStackCloud] = {}

    def cloud(self, entry: str) -> NetworkCloud:
        """Return the cloud of an entry; the first call raises if the entry is unusable."""
        if entry not in self._clouds:
            cloud = OpenStackCloud(entry, self._lazy, self._call_seconds, self._note_call)
            self._clouds[entry] = cloud
        return self._clouds[entry]

    async def close(self) -> None:
        """Release threads and connections; running calls end by their own time limit."""
        for cloud in self._clouds.values():
            cloud.close()
        self._clouds = {}
        self._lazy.close()


class OpenStackCloud:
    """`NetworkCloud` over one entry of clouds.yaml."""

    def __init__(
        self, entry: str, lazy: LazySessions, call_seconds: float, note_call: NoteCall
    ) -> None:
        self._entry = entry
        self._lazy = lazy
        self._call_seconds = call_seconds
        self._note_call = note_call
        # An old cloud has no descriptions of rules: false once it has refused one.
        self._knows_rule_descriptions = True
        # An older one knows `tenant_id` only: false once it has refused `project_id`.
        self._knows_project_id = True
        # The rules of the last new group, by project
        self._initial_rules: dict[str, Sequence[CloudRule]] = {}
        self._initial_revision: dict[str, int] = {}
        self._projects: dict[str, float] = {}
        self._firewall = firewall.CachedDriver(entry)
        self._slots = asyncio.Semaphore(THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"cloud-{entry}")

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Return the groups of the project, from all pages."""
        query = {"project_id": project_id} | ({} if name is None else {"name": name})
        groups: dict[str, CloudGroup] = {}
        async for response in self._pages("/security-groups", query):
            for group in translate.groups_from_body(response, self._log_skipped):
                groups[group.id] = group
        # A cloud that ignores the filter must not show one tenant another's groups.
        return [
            group
            for group in groups.values()
            if group.project_id == project_id and name in (None, group.name)
        ]

    async def get_group(self, group_id: str) -> CloudGroup:
        """Return one group; raise `GroupNotFound`."""
        return translate.group_from_body(await self._call("GET", group_path(group_id)))

    async def create_group(
        self, project_id: str, name: str, description: str, *, stateful: bool | None = None
    ) -> CloudGroup:
        """Create a group in the project, which need not be that of the credentials."""
        values: dict[str, object] = {
            "project_id": project_id,
            "name": name,
            "description": description,
        }
        if stateful is False:
            # A cloud without the extension refuses it: its group would admit replies.
            values["stateful"] = False
        response = await self._call("POST", "/security-groups", body={"security_group": values})
        created = translate.group_from_body(response)
        if created.project_id != project_id:
            raise RequestRefused(
                f"The cloud created the security group {created.id} in the project "
                f"{created.project_id} instead of {project_id}: it is not used. Delete it in the "
                "cloud, and correct the credentials or the tenant's backend_id."
            )
        self._initial_rules[project_id] = comparable_rules(created)
        self._initial_revision[project_id] = created.revision_number
        return created

    async def initial_rules(self, project_id: str) -> Sequence[CloudRule]:
        """Return the templates; without that extension, the initial rules of the last new group."""
        try:
            response = await self._call("GET", "/default-security-group-rules")
        except (UnknownPath, AccessRefused):
            return self._initial_rules.get(project_id, DEFAULT_INITIAL_RULES)
        return translate.initial_rules_from_body(response)

    def initial_revision(self, project_id: str) -> int:
        """Return the revision of the last new group; it depends on the release."""
        return self._initial_revision.get(project_id, DEFAULT_INITIAL_REVISION)

    def now(self) -> datetime | None:
        """Return the time of the cloud's last response plus the time since."""
        return self._lazy.now(self._entry)

    async def update_group(
        self, group_id: str, *, name: str, description: str, revision: int | None = None
    ) -> CloudGroup:
        """Set name and description; raise `Outdated` if the group is not at the revision."""
        body = {"security_group": {"name": name, "description": description}}
        call = Call("PUT", group_path(group_id), body=body, revision=revision)
        return translate.group_from_body(await self._call_with_fallback(call))

    async def delete_group(self, group_id: str, *, revision: int | None = None) -> None:
        """Delete a group with its rules; raise `GroupNotFound`, `GroupInUse` or `Outdated`."""
        await self._call_with_fallback(Call("DELETE", group_path(group_id), revision=revision))

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create the rules in one POST."""
        if not rules:
            return []
        try:
            response = await self._post_rules(project_id, group_id, rules)
        except GroupNotFound as error:
            raise _not_found(error, group_id, rules) from None
        created = translate.rules_from_body(response)
        if len(created) != len(rules):
            raise CloudUnreachable(f"{NOT_FROM_NEUTRON} (fewer or more rules than in the request).")
        return created

    async def _post_rules(self, project_id: str, group_id: str, rules: Sequence[CloudRule]) -> Json:
        """Create the rules; without descriptions if the cloud refuses the attribute."""
        sent = [replace(rule, description="") for rule in rules]
        if self._knows_rule_descriptions:
            sent = list(rules)
        written = [translate.write_rule(project_id, group_id, rule) for rule in sent]
        body = {"security_group_rules": written}
        try:
            return await self._call("POST", "/security-group-rules", body=body)
        except RequestRefused as refused:
            is_described = any(rule.description for rule in sent)
            if not is_described or not UNKNOWN_DESCRIPTION.search(str(refused)):
                raise
        logger.warning("rules_without_descriptions", entry=self._entry)
        self._knows_rule_descriptions = False
        return await self._post_rules(project_id, group_id, rules)

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; a missing one is not an error."""
        try:
            await self._call("DELETE", f"/security-group-rules/{quote(rule_id, safe='')}")
        except GroupNotFound:
            return

    async def free_rule_quota(self, project_id: str) -> int | None:
        """Return the free quota of rules, from the details of the quota."""
        path = f"/quotas/{quote(project_id, safe='')}/details.json"
        try:
            return translate.free_quota_from_body(await self._call("GET", path))
        except (AccessRefused, RequestRefused, UnknownPath):
            # No permission to read quotas, or no such extension: the quota is unknown.
            return None

    async def list_ports(self, project_id: str) -> list[CloudPort]:
        """Return the project's ports, from all pages, with the fields that are used."""
        query: Query = {"project_id": project_id, "fields": PORT_FIELDS}
        ports: dict[str, CloudPort] = {}
        async for response in self._pages("/ports", query):
            read = translate.ports_from_body(response, self._log_skipped)
            ports |= {port.id: port for port in read}
        return [port for port in ports.values() if port.project_id == project_id]

    async def get_port(self, port_id: str) -> CloudPort:
        """Return one port; raise `PortNotFound`."""
        return translate.port_from_body(await self._call("GET", port_path(port_id)))

    async def list_floating_ips(self, project_id: str) -> Mapping[str, str]:
        """Return the project's floating IPs on ports; none without the router extension."""
        floating_ips: dict[str, str] = {}
        try:
            async for response in self._pages("/floatingips", {"project_id": project_id}):
                floating_ips |= translate.floating_ips_from_body(
                    response, project_id, self._log_skipped
                )
        except NoSuchResource:
            return {}
        return floating_ips

    async def list_address_groups(self, group_ids: Collection[str]) -> list[CloudAddressGroup]:
        """Return those of the address groups that are visible and readable."""
        found: dict[str, CloudAddressGroup] = {}
        try:
            for ids in filters_of(group_ids):
                query: Query = {"id": ids, "fields": ADDRESS_GROUP_FIELDS}
                async for response in self._pages("/address-groups", query):
                    read = translate.address_groups_from_body(response, self._log_skipped)
                    found |= {group.id: group for group in read}
        except NoSuchResource:
            return []
        return [found[group] for group in dict.fromkeys(group_ids) if group in found]

    async def firewall_driver(self) -> FirewallDriver | None:
        """Return the driver by the agents of the hosts, which usually only administrators see."""
        return await self._firewall.of(self._agents)

    async def _agents(self) -> list[firewall.Agent]:
        agents: list[firewall.Agent] = []
        async for response in self._pages("/agents", {"fields": AGENT_FIELDS}):
            agents += firewall.agents_from_body(response)
        return agents

    async def set_port_groups(
        self, port_id: str, group_ids: Sequence[str], *, revision: int
    ) -> None:
        """Set the groups of a port; raise `Outdated`, `PortNotFound` or `GroupNotFound`."""
        body = {"port": {"security_groups": list(group_ids)}}
        call = Call("PUT", port_path(port_id), body=body, revision=revision)
        await self._call_with_fallback(call)

    async def project_status(self, project_id: str) -> ProjectStatus:
        """Return the status from the identity service; a found project is cached for a while."""
        if self._projects.get(project_id, 0.0) > time.monotonic():
            return ProjectStatus.FOUND
        sessions = await self._lazy.sessions()
        status: ProjectStatus = await self._run(
            "GET", "projects", partial(sessions.project_status, self._entry, project_id)
        )
        if status is ProjectStatus.FOUND:
            self._projects[project_id] = time.monotonic() + PROJECT_CACHE_SECONDS
        return status

    def _log_skipped(self, kind: str, item: str, reason: str) -> None:
        logger.warning("cloud_item_skipped", entry=self._entry, kind=kind, item=item, reason=reason)

    async def _pages(self, path: str, query: Query) -> AsyncIterator[Any]:
        """Yield the response of each page of a list."""
        links = path.removeprefix("/").replace("-", "_") + "_links"
        page: Query | None = query
        for _ in range(MAX_PAGES):
            response = await self._call("GET", path, query=page)
            yield response
            page = translate.next_query(response, links, query, page)
            if page is None:
                return
        raise CloudUnreachable(translate.ENDLESS_LIST)

    async def _call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Json:
        """Make one call; return the parsed body, `None` for an empty one."""
        return await self._call_with_fallback(Call(method, path, query, body))

    async def _call_with_fallback(self, call: Call) -> Json:
        """Make one call, with `tenant_id` if the cloud does not know `project_id`."""
        if not self._knows_project_id:
            return await self._send(call.with_tenant_id())
        try:
            return await self._send(call)
        except RequestRefused as refused:
            if not is_about_project_id(str(refused)):
                raise
        logger.warning("projects_as_tenants", entry=self._entry)
        self._knows_project_id = False
        return await self._send(call.with_tenant_id())

    async def _send(self, call: Call) -> Json:
        sessions = await self._lazy.sessions()
        work = partial(sessions.call, self._entry, call)
        return await self._run(call.method, call.kind, work)

    async def _run(self, method: str, kind: str, work: Callable[[float], Json]) -> Json:
        """Do the work in a thread within the time limit, and note how it ended."""
        async with self._slots:
            begun = time.monotonic()
            failure: CloudError | None = None
            attributes = {"ringfence.entry": self._entry, "http.request.method": method}
            try:
                with tracing.span(f"{method} {kind}", "CLIENT", attributes):
                    return await self._in_thread(work)
            except CloudError as error:
                is_optional = kind in MAY_BE_REFUSED and isinstance(error, AccessRefused)
                failure = None if is_optional else error
                raise
            finally:
                self._note_call(self._entry, method, failure, time.monotonic() - begun)

    async def _in_thread(self, call: Callable[[float], Json]) -> Json:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, call, self._call_seconds)
        try:
            # The thread has a limit of its own; this one holds if a read cannot be interrupted.
            async with asyncio.timeout(self._call_seconds + 1):
                return await work
        except TimeoutError:
            raise CloudUnreachable("The cloud did not respond in time.") from None

    def close(self) -> None:
        """Shut down the threads; waiting calls are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _not_found(error: GroupNotFound, group_id: str, rules: Sequence[CloudRule]) -> CloudError:
    """Return the error by the id in Neutron's message: the group itself, or a remote group."""
    message = str(error)
    named = any(rule.remote_group_id and rule.remote_group_id in message for rule in rules)
    return RemoteNotFound(message) if named and group_id not in message else error
