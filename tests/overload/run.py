"""Four times as many requests as can be carried out: `python -m tests.overload.run MINUTES`.

Memory and the latency of what is accepted stay bounded, the rest is answered 429 or 503, and no
write that was acknowledged is lost. Prints what it measured; exit code 1 if one of these fails.
"""

# ruff: noqa: T201 - it is run by hand

import asyncio
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.cli.operating import operating
from tests.fuzz.instance import Instance, token
from tests.hostile.wire import memory, request
from tests.overload.client import Outcome, Pool, Sending, keep_busy, keep_pace, settle

from ringfence.background import in_background, pause

SEED = 20_260_101
TIMES = 4
CALIBRATION_SECONDS = 20
AT_ONCE = 16
TENANTS, GROUPS_EACH, WRITERS = 4, 100, 4
WRITE_SHARE = 0.3
# Growth of the API's process from the end of the first tenth on, in MiB
ROOM = 64
# Of an accepted request, at the 99th of 100: so many seconds, or so many times what it takes at the
# sustainable rate, where the machine is slower than that by itself
PATIENCE, PATIENCE_TIMES = 5.0, 5.0
EXPECTED = {200, 409, 429, 503}


class Work:
    """The requests, and which writes were acknowledged."""

    def __init__(self, groups: list[str]) -> None:
        self._random = random.Random(SEED)  # noqa: S311 - the same each time
        self._groups = groups
        self._number = 0
        self.acknowledged: dict[str, list[str]] = defaultdict(list)

    def following(self) -> Sending:
        sign = f"Authorization: Token {token(f'writer{self._number % WRITERS}')}"
        self._number += 1
        if self._random.random() >= WRITE_SHARE:
            page = self._random.randrange(1, len(self._groups) // 10)
            return Sending(request("GET", f"/api/openstack-security-groups/?page={page}", sign))
        group, text = self._random.choice(self._groups), f"write {self._number}"
        body = json.dumps({"description": text}).encode()
        sent = request("PATCH", f"/api/openstack-security-groups/{group}/", sign, body=body)

        def answered(status: int) -> None:
            if status == 200:
                self.acknowledged[group].append(text)

        return Sending(sent.replace(b"api.example.com", b"localhost"), answered)


def provisioning() -> dict[str, object]:
    tenants = [
        {
            "name": f"tenant {number}",
            "cloud": "east",
            "backend_id": f"{number:032x}",
            "security_groups": [
                {"name": f"group {place}", "rules": [{"cidr": "10.0.0.0/8"}]}
                for place in range(GROUPS_EACH)
            ],
        }
        for number in range(1, TENANTS + 1)
    ]
    names = [f"writer{number}" for number in range(WRITERS)]
    return {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": [{"username": name, "token": token(name)} for name in names],
        "customers": [{"name": "Acme", "projects": [{"name": "Web", "tenants": tenants}]}],
        "roles": [{"user": name, "role": "PROJECT.ADMIN", "project": "Web"} for name in names],
    }


@contextmanager
def served() -> Iterator[Instance]:
    with operating() as operator:
        operator.environment |= {
            "RINGFENCE_PULL_INTERVAL": "2600000",
            "RINGFENCE_LOG_LEVEL": "warning",
            # What is carried out at most is found out from one address.
            "RINGFENCE_ADDRESS_RATE": "0",
            "RINGFENCE_TOKEN_RATE": "0",
        }
        done = operator.run("load", operator.write("site.json", json.dumps(provisioning())))
        assert done.returncode == 0, done.stderr
        process, address = operator.serve("serve", "--workers", "1")
        yield Instance(address, operator.folder / "log-0", {"parent": str(process.pid)})


def api_process(instance: Instance) -> int:
    """Return the process that serves the API: the first child of the parent."""
    parent = instance.victim["parent"]
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return min(map(int, children.split()))


def all_pages(client: httpx.Client, path: str, **query: object) -> Iterator[dict]:
    address: str | None = f"{path}?{httpx.QueryParams({'page_size': 300, **query})}"
    while address:
        answer = client.get(address)
        answer.raise_for_status()
        yield from answer.json()
        address = answer.links.get("next", {}).get("url")


def lost_writes(client: httpx.Client, work: Work) -> list[str]:
    """Return the acknowledged writes of which no version tells."""
    lost = []
    for group, texts in work.acknowledged.items():
        path = f"/api/openstack-security-groups/{group}/versions/"
        kept = {version["description"] for version in all_pages(client, path)}
        lost += [f"{group}: {text}" for text in texts if text not in kept]
    return lost


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def told(title: str, outcome: Outcome, seconds: float) -> None:
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(outcome.statuses.items()))
    print(f"{title}: {sum(outcome.statuses.values()) / seconds:.0f} answers a second ({statuses})")
    print(f"  broken connections: {outcome.broken}; not sent for want of one: {outcome.unsent}")
    for what, values in (("accepted", outcome.latencies), ("refused", outcome.refusals)):
        if values:
            p50, p99, worst = (percentile(values, share) * 1000 for share in (0.5, 0.99, 1))
            print(f"  {what}: median {p50:.0f} ms, 99% {p99:.0f} ms, worst {worst:.0f} ms")


async def drive(instance: Instance, seconds: float) -> int:
    headers = {"Authorization": f"Token {token('writer0')}"}
    client = httpx.Client(base_url=instance.address, headers=headers, timeout=60)
    work = Work([each["uuid"] for each in all_pages(client, "/api/openstack-security-groups/")])
    process, sizes = api_process(instance), []
    pool = Pool(instance.address)
    outcome = pool.begin()
    await keep_busy(pool, AT_ONCE, CALIBRATION_SECONDS, work.following)
    await settle(pool)
    sustainable = sum(n for s, n in outcome.statuses.items() if s < 429) / CALIBRATION_SECONDS
    told(f"sustainable, {AT_ONCE} at once", outcome, CALIBRATION_SECONDS)
    patience = max(PATIENCE, PATIENCE_TIMES * percentile(outcome.latencies, 0.99))

    outcome = pool.begin()
    print(f"{TIMES} times that for {seconds / 60:g} minutes: {TIMES * sustainable:.0f} a second")

    async def watch(stop: asyncio.Event) -> None:
        while not stop.is_set():
            sizes.append(memory(process))
            await pause(stop, 1)

    async with in_background(watch, "memory"):
        began = time.perf_counter()
        await keep_pace(pool, TIMES * sustainable, seconds, work.following)
        elapsed = time.perf_counter() - began
        await settle(pool)
    told("overload", outcome, elapsed)
    lost = await asyncio.to_thread(lost_writes, client, work)
    written = sum(map(len, work.acknowledged.values()))
    settled = sizes[len(sizes) // 10 :]
    print(
        f"memory of the API's process: {sizes[0]:.0f} MiB at first, {settled[0]:.0f} MiB after a"
        f" tenth, {max(settled):.0f} MiB at most, median {statistics.median(settled):.0f} MiB"
    )
    print(f"acknowledged writes: {written}; lost: {len(lost)}")
    after = await asyncio.to_thread(client.get, "/api/openstack-security-groups/")
    wrong = {
        "statuses": sorted(set(outcome.statuses) - EXPECTED),
        "broken": outcome.broken,
        "nothing refused": not outcome.statuses.keys() & {429, 503},
        "nothing accepted": not outcome.statuses[200],
        "slow": percentile(outcome.latencies, 0.99) > patience,
        "memory": max(settled) - settled[0] > ROOM,
        "restarted": api_process(instance) != process,
        "lost": lost[:5],
        "not well afterwards": after.status_code != 200,
    }
    for what, found in wrong.items():
        if found:
            print(f"WRONG {what}: {found}")
    return int(any(wrong.values()))


def main(minutes: float) -> int:
    """Drive so long and give the exit code."""
    with served() as instance:
        return asyncio.run(drive(instance, minutes * 60))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1] if sys.argv[1:] else "30")))
