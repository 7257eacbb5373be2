"""A real cloud's security groups, through openstacksdk.

Calls go through the network adapter's raw JSON: openstacksdk's resource objects cost more than
the call. The SDK is synchronous, so each call runs in one of a few threads of its cloud.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from keystoneauth1.adapter import Adapter

from ringfence.neutron import translate
from ringfence.neutron.accounts import LARGEST_ANSWER_BYTES, Account, Accounts
from ringfence.neutron.port import (
    CloudError,
    CloudGroup,
    CloudRule,
    CloudUnreachable,
    GroupNotFound,
    NetworkCloud,
    RemoteNotFound,
)
from ringfence.neutron.refusals import from_exception, from_status

CALL_SECONDS = 30.0
THREADS = 8
# At Neutron's smallest useful page a project of this many groups is past any quota.
MOST_PAGES = 1000

Query = Mapping[str, str]


class OpenStackClouds:
    """The clouds of clouds.yaml by entry; all tenants of an entry share its threads and tokens."""

    def __init__(
        self, *, call_seconds: float = CALL_SECONDS, largest_answer: int = LARGEST_ANSWER_BYTES
    ) -> None:
        self._accounts = Accounts(largest_answer=largest_answer)
        self._call_seconds = call_seconds
        self._clouds: dict[str, OpenStackCloud] = {}

    def cloud(self, entry: str) -> NetworkCloud:
        """Give the cloud of an entry; raise `Misconfigured` where the entry is unusable."""
        self._accounts.get(entry)
        if entry not in self._clouds:
            self._clouds[entry] = OpenStackCloud(entry, self._accounts, self._call_seconds)
        return self._clouds[entry]

    async def close(self) -> None:
        """Let go of the threads; calls under way end by their own time limit."""
        for cloud in self._clouds.values():
            cloud.close()
        self._clouds = {}
        self._accounts.close()


class OpenStackCloud:
    """`NetworkCloud` over one entry of clouds.yaml."""

    def __init__(self, entry: str, accounts: Accounts, call_seconds: float) -> None:
        self._entry = entry
        self._accounts = accounts
        self._call_seconds = call_seconds
        self._slots = asyncio.Semaphore(THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"cloud-{entry}")

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Give the groups that belong to the project, page by page."""
        query = (
            {"project_id": project_id}
            if name is None
            else {
                "project_id": project_id,
                "name": name,
            }
        )
        groups: dict[str, CloudGroup] = {}
        page: Query | None = query
        for _ in range(MOST_PAGES):
            answer = await self._call("GET", "/security-groups", query=page)
            for group in translate.groups_from_answer(answer):
                groups[group.id] = group
            page = _next_page(answer, query, page)
            if page is None:
                # A cloud that ignores a filter must not show one tenant another's groups.
                return [
                    group
                    for group in groups.values()
                    if group.project_id == project_id and name in (None, group.name)
                ]
        raise CloudUnreachable("The cloud's list of security groups does not end.")

    async def get_group(self, group_id: str) -> CloudGroup:
        """Give one group; `GroupNotFound` where there is none."""
        return translate.group_from_answer(await self._call("GET", _group_path(group_id)))

    async def create_group(self, project_id: str, name: str, description: str) -> CloudGroup:
        """Create a group in the project, whatever project the credentials are of."""
        values = {"project_id": project_id, "name": name, "description": description}
        answer = await self._call("POST", "/security-groups", body={"security_group": values})
        return translate.group_from_answer(answer)

    async def update_group(self, group_id: str, *, name: str, description: str) -> CloudGroup:
        """Set name and description."""
        body = {"security_group": {"name": name, "description": description}}
        return translate.group_from_answer(
            await self._call("PUT", _group_path(group_id), body=body)
        )

    async def delete_group(self, group_id: str) -> None:
        """Delete a group with its rules; `GroupNotFound`, `GroupInUse`."""
        await self._call("DELETE", _group_path(group_id))

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create the rules in one POST."""
        if not rules:
            return []
        written = [translate.write_rule(project_id, group_id, rule) for rule in rules]
        body = {"security_group_rules": written}
        try:
            answer = await self._call("POST", "/security-group-rules", body=body)
        except GroupNotFound as error:
            raise _whose(error, group_id, rules) from None
        created = translate.rules_from_answer(answer)
        if len(created) != len(rules):
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (not as many rules as were sent).")
        return created

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; one that is gone already is no error."""
        try:
            await self._call("DELETE", f"/security-group-rules/{quote(rule_id, safe='')}")
        except GroupNotFound:
            return

    async def check(self, project_id: str) -> None:
        """Read the id of at most one of the project's groups."""
        query = {"project_id": project_id, "limit": "1", "fields": "id"}
        answer = await self._call("GET", "/security-groups", query=query)
        if not isinstance(answer, Mapping) or "security_groups" not in answer:
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (security_groups is missing).")

    def close(self) -> None:
        """Take no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Any:  # noqa: ANN401 - parsed JSON
        """Make one call in a thread; give the parsed answer, `None` for an empty one."""
        loop = asyncio.get_running_loop()
        async with self._slots:
            work = loop.run_in_executor(self._threads, self._send, method, path, query, body)
            try:
                # The thread keeps its own limit; this one holds where a read cannot be broken off.
                return await asyncio.wait_for(work, self._call_seconds + 1)
            except TimeoutError:
                raise CloudUnreachable("The cloud did not answer in time.") from None

    def _send(self, method: str, path: str, query: Query | None, body: object) -> Any:  # noqa: ANN401 - parsed JSON
        try:
            account = self._accounts.get(self._entry)
            with account.guard.within(self._call_seconds):
                return _exchange(account, method, path, query, body)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001 - the port raises `CloudError` and nothing else
            # No cause: keystoneauth's messages hold addresses, and traces end up in logs.
            raise from_exception(error, self._entry) from None


def _exchange(account: Account, method: str, path: str, query: Query | None, body: object) -> Any:  # noqa: ANN401 - parsed JSON
    network, prefix = account.network()
    # The adapter's own way: the SDK's subclass adds a cache of answers and metrics.
    response = Adapter.request(
        network,
        prefix + path,
        method,
        params=query or {},
        json=body,
        headers={"Accept": "application/json"},
        raise_exc=False,
        # A call that may have had an effect is never sent twice, whatever clouds.yaml says.
        connect_retries=0,
        status_code_retries=0,
        redirect=method == "GET",
        # Not even to the SDK's debug log: bodies and headers are nobody's business there.
        log=False,
    )
    answer = _parse(response.content)
    if response.status_code >= 300:  # noqa: PLR2004 - HTTP
        raise from_status(response.status_code, response.headers, answer)
    if answer is None and method != "DELETE":
        raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (no JSON).")
    return answer


def _parse(content: bytes) -> Any:  # noqa: ANN401 - parsed JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _group_path(group_id: str) -> str:
    return f"/security-groups/{quote(group_id, safe='')}"


def _next_page(answer: object, query: Query, page: Query | None) -> Query | None:
    """Give the query of the next page: only its words are taken, so no link leads elsewhere."""
    link = translate.next_page(answer, "security_groups_links")
    if link is None:
        return None
    words = dict(parse_qsl(urlsplit(link).query))
    following = dict(query) | {key: words[key] for key in words.keys() & {"marker", "limit"}}
    if following == page or "marker" not in following:
        raise CloudUnreachable("The cloud's list of security groups does not end.")
    return following


def _whose(error: GroupNotFound, group_id: str, rules: Sequence[CloudRule]) -> CloudError:
    """Tell the group itself from one that a rule names; Neutron's message holds the id."""
    message = str(error)
    named = any(rule.remote_group_id and rule.remote_group_id in message for rule in rules)
    return RemoteNotFound(message) if named and group_id not in message else error
