"""A real cloud's security groups, through openstacksdk.

Calls go through the network adapter's raw JSON: openstacksdk's resource objects cost more than
the call. The SDK is synchronous, so each call runs in one of a few threads of its cloud; it is
also slow to load, so the first call loads it (`accounts`), and who has no real cloud never does.
"""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import structlog

from ringfence.neutron import translate
from ringfence.neutron.call import Call, Query, is_about_project_id
from ringfence.neutron.port import (
    USUAL_FIRST_REVISION,
    USUAL_FIRST_RULES,
    AccessRefused,
    CloudError,
    CloudGroup,
    CloudPort,
    CloudRule,
    CloudUnreachable,
    GroupNotFound,
    NetworkCloud,
    NoSuchResource,
    ProjectStatus,
    RemoteNotFound,
    RequestRefused,
    UnknownPath,
    without_identity,
)
from ringfence.telemetry import tracing
from ringfence.text.json_value import Json

if TYPE_CHECKING:
    from ringfence.neutron.sessions import Accounts

logger = structlog.get_logger(__name__)

CALL_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
THREADS = 8
# For so long a project that was found is taken to be there.
PROJECT_SECONDS = 600.0
# At Neutron's smallest useful page a project of this many groups is past any quota.
MOST_PAGES = 1000
# "Unrecognized attribute(s) 'description'", or "Attribute 'description' not allowed in POST"
UNKNOWN_DESCRIPTION = re.compile(r"(?i)\battribute.{0,40}\bdescription\b")
ENDLESS = "The cloud's list does not end."
# Who is told of each call when it ended: entry, method, error, seconds.
Note = Callable[[str, str, CloudError | None, float], None]
PORT_FIELDS = (
    *("id", "project_id", "tenant_id", "name", "device_id", "device_owner", "fixed_ips"),
    *("security_groups", "revision_number"),
)


class OpenStackClouds:
    """The clouds of clouds.yaml by entry; all tenants of an entry share its threads and tokens."""

    def __init__(
        self,
        *,
        call_seconds: float = CALL_SECONDS,
        largest_answer: int = LARGEST_ANSWER_BYTES,
        note: Note = lambda *_call: None,
    ) -> None:
        self._sdk = _Sdk(largest_answer)
        self._note = note
        self._call_seconds = call_seconds
        self._clouds: dict[str, OpenStackCloud] = {}

    def cloud(self, entry: str) -> NetworkCloud:
        """Give the cloud of an entry; that an entry is unusable is said by the first call."""
        if entry not in self._clouds:
            self._clouds[entry] = OpenStackCloud(entry, self._sdk, self._call_seconds, self._note)
        return self._clouds[entry]

    async def close(self) -> None:
        """Let go of threads and connections; calls under way end by their own time limit."""
        for cloud in self._clouds.values():
            cloud.close()
        self._clouds = {}
        self._sdk.close()


class _Sdk:
    """The accounts, once somebody needs them."""

    def __init__(self, largest_answer: int) -> None:
        self._largest_answer = largest_answer
        self._accounts: Accounts | None = None
        self._lock = threading.Lock()

    async def accounts(self) -> "Accounts":
        """Load the SDK; it takes a second or two, in which others go on."""
        if self._accounts is not None:
            return self._accounts
        return await asyncio.to_thread(self._load)

    def _load(self) -> "Accounts":
        with self._lock:
            if self._accounts is None:
                from ringfence.neutron.sessions import Accounts  # noqa: PLC0415

                self._accounts = Accounts(self._largest_answer)
            return self._accounts

    def now(self, entry: str) -> datetime | None:
        """Return the time by the clock of an entry's cloud, if it was called already."""
        return self._accounts.now(entry) if self._accounts else None

    def close(self) -> None:
        if self._accounts is not None:
            self._accounts.close()


class OpenStackCloud:
    """`NetworkCloud` over one entry of clouds.yaml."""

    def __init__(self, entry: str, sdk: _Sdk, call_seconds: float, note: Note) -> None:
        self._entry = entry
        self._sdk = sdk
        self._call_seconds = call_seconds
        self._note = note
        # An old cloud has no descriptions of rules: known once it has refused one.
        self._describes_rules = True
        # An older one knows projects as tenants alone: known likewise.
        self._says_project_id = True
        # By project, the rules that the last new group came with
        self._first_rules: dict[str, Sequence[CloudRule]] = {}
        self._first_revision: dict[str, int] = {}
        self._projects: dict[str, float] = {}
        self._slots = asyncio.Semaphore(THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"cloud-{entry}")

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Give the groups that belong to the project, page by page."""
        query = {"project_id": project_id} | ({} if name is None else {"name": name})
        groups: dict[str, CloudGroup] = {}
        async for answer in self._pages("/security-groups", query):
            for group in translate.groups_from_answer(answer, self._skipped):
                groups[group.id] = group
        # A cloud that ignores a filter must not show one tenant another's groups.
        return [
            group
            for group in groups.values()
            if group.project_id == project_id and name in (None, group.name)
        ]

    async def get_group(self, group_id: str) -> CloudGroup:
        """Give one group; `GroupNotFound` where there is none."""
        return translate.group_from_answer(await self._call("GET", _group_path(group_id)))

    async def create_group(
        self, project_id: str, name: str, description: str, *, stateful: bool | None = None
    ) -> CloudGroup:
        """Create a group in the project, whatever project the credentials are of."""
        values: dict[str, object] = {
            "project_id": project_id,
            "name": name,
            "description": description,
        }
        if stateful is False:
            # A cloud without the extension has no such group, and refuses: replies would pass.
            values["stateful"] = False
        answer = await self._call("POST", "/security-groups", body={"security_group": values})
        made = translate.group_from_answer(answer)
        if made.project_id != project_id:
            raise RequestRefused(
                f"The cloud made the security group {made.id} in the project {made.project_id} "
                f"instead of {project_id}: nothing is written to it. Delete it in the cloud, and "
                "correct the credentials or the tenant's backend_id."
            )
        self._first_rules[project_id] = without_identity(made)
        self._first_revision[project_id] = made.revision_number
        return made

    async def first_rules(self, project_id: str) -> Sequence[CloudRule]:
        """Ask for the templates; without that extension, a new group had what the last one had."""
        try:
            answer = await self._call("GET", "/default-security-group-rules")
        except (UnknownPath, AccessRefused):
            return self._first_rules.get(project_id, USUAL_FIRST_RULES)
        return translate.first_rules_from_answer(answer)

    def first_revision(self, project_id: str) -> int:
        """Return the revision that the last new group came with; releases differ."""
        return self._first_revision.get(project_id, USUAL_FIRST_REVISION)

    def now(self) -> datetime | None:
        """Return the time of the cloud's last response, and what has passed since."""
        return self._sdk.now(self._entry)

    async def update_group(
        self, group_id: str, *, name: str, description: str, revision: int | None = None
    ) -> CloudGroup:
        """Set name and description; `Outdated` unless the group is at the revision, if given."""
        body = {"security_group": {"name": name, "description": description}}
        call = Call("PUT", _group_path(group_id), body=body, revision=revision)
        return translate.group_from_answer(await self._make(call))

    async def delete_group(self, group_id: str, *, revision: int | None = None) -> None:
        """Delete a group with its rules; `GroupNotFound`, `GroupInUse`, and `Outdated` as above."""
        await self._make(Call("DELETE", _group_path(group_id), revision=revision))

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create the rules in one POST."""
        if not rules:
            return []
        try:
            answer = await self._post_rules(project_id, group_id, rules)
        except GroupNotFound as error:
            raise _whose(error, group_id, rules) from None
        created = translate.rules_from_answer(answer)
        if len(created) != len(rules):
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (not as many rules as were sent).")
        return created

    async def _post_rules(self, project_id: str, group_id: str, rules: Sequence[CloudRule]) -> Json:
        """Create the rules, without descriptions in a cloud that refuses the attribute."""
        sent = [replace(rule, description="") for rule in rules]
        if self._describes_rules:
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
        self._describes_rules = False
        return await self._post_rules(project_id, group_id, rules)

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; one that is gone already is no error."""
        try:
            await self._call("DELETE", f"/security-group-rules/{quote(rule_id, safe='')}")
        except GroupNotFound:
            return

    async def free_rule_quota(self, project_id: str) -> int | None:
        """Ask for the quota of rules and what is used of it."""
        path = f"/quotas/{quote(project_id, safe='')}/details.json"
        try:
            return translate.free_quota_from_body(await self._call("GET", path))
        except (AccessRefused, RequestRefused, UnknownPath):
            # Credentials that may not see quotas, or no such extension: then nothing is known.
            return None

    async def list_ports(self, project_id: str) -> list[CloudPort]:
        """Give the project's ports, page by page, without what nobody here reads."""
        query: Query = {"project_id": project_id, "fields": PORT_FIELDS}
        ports: dict[str, CloudPort] = {}
        async for answer in self._pages("/ports", query):
            read = translate.ports_from_answer(answer, self._skipped)
            ports |= {port.id: port for port in read}
        return [port for port in ports.values() if port.project_id == project_id]

    async def list_floating_addresses(self, project_id: str) -> Mapping[str, str]:
        """Give the project's floating addresses on ports; none where there is no router."""
        addresses: dict[str, str] = {}
        try:
            async for answer in self._pages("/floatingips", {"project_id": project_id}):
                addresses |= translate.floating_from_answer(answer, project_id, self._skipped)
        except NoSuchResource:
            return {}
        return addresses

    async def set_port_groups(
        self, port_id: str, group_ids: Sequence[str], *, revision: int
    ) -> None:
        """Let the port carry exactly these groups; `Outdated`, `PortNotFound`, `GroupNotFound`."""
        body = {"port": {"security_groups": list(group_ids)}}
        path = f"/ports/{quote(port_id, safe='')}"
        await self._make(Call("PUT", path, body=body, revision=revision))

    async def project_status(self, project_id: str) -> ProjectStatus:
        """Ask the identity service, unless the credentials are of the project itself."""
        if self._projects.get(project_id, 0.0) > time.monotonic():
            return ProjectStatus.FOUND
        accounts = await self._sdk.accounts()
        status: ProjectStatus = await self._told(
            "GET", "projects", partial(accounts.project_status, self._entry, project_id)
        )
        if status is ProjectStatus.FOUND:
            self._projects[project_id] = time.monotonic() + PROJECT_SECONDS
        return status

    async def check(self, project_id: str) -> None:
        """Read the id of at most one of the project's groups."""
        query = {"project_id": project_id, "limit": "1", "fields": "id"}
        answer = await self._call("GET", "/security-groups", query=query)
        if not isinstance(answer, Mapping) or "security_groups" not in answer:
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (security_groups is missing).")

    def _skipped(self, kind: str, item: str, reason: str) -> None:
        logger.warning("cloud_item_skipped", entry=self._entry, kind=kind, item=item, reason=reason)

    async def _pages(self, path: str, query: Query) -> AsyncIterator[Any]:
        """Give the answers of a list, one for each of its pages."""
        links = path.removeprefix("/").replace("-", "_") + "_links"
        page: Query | None = query
        for _ in range(MOST_PAGES):
            answer = await self._call("GET", path, query=page)
            yield answer
            page = _next_page(answer, links, query, page)
            if page is None:
                return
        raise CloudUnreachable(ENDLESS)

    async def _call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Json:
        """Make one call; give the parsed answer, `None` for an empty one."""
        return await self._make(Call(method, path, query, body))

    async def _make(self, call: Call) -> Json:
        """Make one call of the network service, in the words that it knows."""
        if not self._says_project_id:
            return await self._send(call.with_tenant_id())
        try:
            return await self._send(call)
        except RequestRefused as refused:
            if not is_about_project_id(str(refused)):
                raise
        logger.warning("projects_as_tenants", entry=self._entry)
        self._says_project_id = False
        return await self._send(call.with_tenant_id())

    async def _send(self, call: Call) -> Json:
        accounts = await self._sdk.accounts()
        work = partial(accounts.call, self._entry, call)
        return await self._told(call.method, call.kind, work)

    async def _told(self, method: str, kind: str, work: Callable[[float], Json]) -> Json:
        """Work in a thread, with the seconds that it may take, and note how it ended."""
        async with self._slots:
            begun = time.monotonic()
            failed: CloudError | None = None
            about = {"ringfence.entry": self._entry, "http.request.method": method}
            try:
                with tracing.span(f"{method} {kind}", "CLIENT", about):
                    return await self._in_thread(work)
            except CloudError as error:
                failed = error
                raise
            finally:
                self._note(self._entry, method, failed, time.monotonic() - begun)

    async def _in_thread(self, call: Callable[[float], Json]) -> Json:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, call, self._call_seconds)
        try:
            # The thread keeps its own limit; this one holds where a read cannot be broken off.
            async with asyncio.timeout(self._call_seconds + 1):
                return await work
        except TimeoutError:
            raise CloudUnreachable("The cloud did not answer in time.") from None

    def close(self) -> None:
        """Take no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _group_path(group_id: str) -> str:
    return f"/security-groups/{quote(group_id, safe='')}"


def _next_page(answer: object, links: str, query: Query, page: Query | None) -> Query | None:
    """Give the query of the next page: only its words are taken, so no link leads elsewhere."""
    link = translate.next_page(answer, links)
    if link is None:
        return None
    words = dict(parse_qsl(urlsplit(link).query))
    following = dict(query) | {key: words[key] for key in words.keys() & {"marker", "limit"}}
    if following == page or "marker" not in following:
        raise CloudUnreachable(ENDLESS)
    return following


def _whose(error: GroupNotFound, group_id: str, rules: Sequence[CloudRule]) -> CloudError:
    """Tell the group itself from one that a rule names; Neutron's message holds the id."""
    message = str(error)
    named = any(rule.remote_group_id and rule.remote_group_id in message for rule in rules)
    return RemoteNotFound(message) if named and group_id not in message else error
