"""Clients that read and write all the time, and remember all that they were promised."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Self

from tests.own_faults.served import TENANTS, TOKEN, Served

GROUPS = "/api/openstack-security-groups/"
# What is waited for comes in seconds; a busy machine has more of them.
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.06
CUT = 0

Rules = tuple[int, ...]


def body_of(ports: Rules) -> list[dict]:
    return [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        for port in ports
    ]


@dataclass
class Response:
    """What came back; `CUT`, and why, where the connection ended without an answer."""

    status: int
    body: bytes
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> object:
        return json.loads(self.body) if self.body else None


class Client:
    """One connection that is opened anew when it was cut."""

    def __init__(self, address: str) -> None:
        self._host = address.removeprefix("http://")
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None) -> Response:
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        begun = time.monotonic()
        try:
            self._connection = self._connection or http.client.HTTPConnection(
                self._host, timeout=PATIENCE_SECONDS
            )
            self._connection.request(method, path, content, headers)
            answer = self._connection.getresponse()
            found = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Response(CUT, repr(error).encode(), time.monotonic() - begun)
        given = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, found, time.monotonic() - begun, given)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass
class Promise:
    """A group that was acknowledged: the rules that it may have now, or that it is to be gone."""

    rules: set[Rules]
    gone: bool = False
    # Neither kept nor broken: a deletion that was not acknowledged.
    open: bool = False


@dataclass
class Traffic:
    """Writers and readers in threads; use it as a context manager."""

    served: Served
    writers: int = 3
    readers: int = 2
    answers: list[tuple[str, Response]] = field(default_factory=list)
    promises: dict[str, Promise] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in range(self.writers):
            self._start(self._write, number)
        for number in range(self.readers):
            self._start(self._read, number)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

    def _start(self, target, number: int) -> None:
        thread = threading.Thread(target=target, args=(number,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def note(self, what: str, answer: Response) -> Response:
        self.answers.append((what, answer))
        return answer

    def _write(self, number: int) -> None:
        client, chance = Client(self.served.address), random.Random(number)  # noqa: S311 - test data
        mine: list[str] = []
        for turn in range(10**6):
            if self._stop.wait(PAUSE_SECONDS):
                break
            if not mine or chance.random() < 0.5:
                self._create(client, f"group-{number}-{turn}", mine)
            elif len(mine) > 3 and chance.random() < 0.3:
                self._delete(client, mine.pop(0))
            else:
                ports = tuple(sorted(chance.sample(range(1, 60_000), 3)))
                self._set_rules(client, chance.choice(mine), ports)
        client.close()

    def _create(self, client: Client, name: str, mine: list[str]) -> None:
        path = f"/api/openstack-tenants/{random.choice(TENANTS)}/create_security_group/"  # noqa: S311
        body = {"name": name, "rules": body_of((22, 443))}
        answer = self.note("write", client.ask("POST", path, body))
        if answer.status == 201:
            uuid = answer.json()["uuid"]
            self.promises[uuid] = Promise({(22, 443)})
            mine.append(uuid)

    def _set_rules(self, client: Client, uuid: str, ports: Rules) -> None:
        promise = self.promises[uuid]
        path = f"{GROUPS}{uuid}/set_rules/"
        answer = self.note("write", client.ask("POST", path, body_of(ports)))
        if answer.status == 200:
            promise.rules = {ports}
        elif answer.status in {CUT, 503}:
            # It may have been done all the same: nobody has said that it was not.
            promise.rules = {*promise.rules, ports}

    def _delete(self, client: Client, uuid: str) -> None:
        answer = self.note("write", client.ask("DELETE", f"{GROUPS}{uuid}/"))
        promise = self.promises[uuid]
        promise.gone = answer.status == 204
        promise.open = answer.status in {CUT, 503}

    def _read(self, number: int) -> None:
        client = Client(self.served.address)
        paths = [
            ("GET", GROUPS),
            ("GET", f"{GROUPS}?page_size=50&state=OK"),
            ("HEAD", GROUPS),
            ("GET", f"/api/openstack-tenants/{TENANTS[number]}/"),
        ]
        turn = 0
        while not self._stop.wait(PAUSE_SECONDS):
            self.note("read", client.ask(*paths[turn % len(paths)]))
            turn += 1
        client.close()

    def until_unavailable(self) -> None:
        """Wait until an answer says 503 that comes after now."""
        before, deadline = self.unavailable(), time.monotonic() + PATIENCE_SECONDS
        while self.unavailable() == before:
            assert time.monotonic() < deadline, self.counts()
            time.sleep(0.1)

    def until_written(self) -> float:
        """Wait until a write is acknowledged that was asked for after now; give the seconds."""
        begun = time.monotonic()
        mine: list[str] = []
        with closing(Client(self.served.address)) as client:
            while not mine:
                assert time.monotonic() - begun < PATIENCE_SECONDS, self.counts()
                self._create(client, f"probe-{time.monotonic_ns()}", mine)
                time.sleep(0 if mine else 0.1)
        return time.monotonic() - begun

    def counts(self) -> Counter:
        return Counter((what, answer.status) for what, answer in list(self.answers))

    def longest(self) -> float:
        return max(answer.seconds for _, answer in self.answers)

    def unavailable(self) -> int:
        return sum(answer.status == 503 for _, answer in list(self.answers))

    def assert_answered_well(self, *, cut: bool = False) -> None:
        """Nothing but success, a conflict of states, and 503 with its form."""
        allowed = {200, 201, 202, 204, 409, 503} | ({CUT} if cut else set())
        strange = [(what, a.status, a.body) for what, a in self.answers if a.status not in allowed]
        assert strange == [], json.dumps(self.served.failures()[:2], indent=1)
        for what, answer in self.answers:
            if answer.status == 503:
                assert int(answer.headers["retry-after"]) >= 1
                # The answer to HEAD has no body.
                assert what == "read" or set(answer.json()) == {"detail"}

    def assert_kept(self) -> int:
        """Every acknowledged write is there, and reaches the cloud; give how many there were."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while wrong := self._broken():
            assert time.monotonic() < deadline, (len(wrong), wrong[:3], self.counts())
            time.sleep(0.5)
        return len(self.promises)

    def _broken(self) -> list[object]:
        with closing(Client(self.served.address)) as client:
            found = _groups(client)
        if found is None:
            return ["no list"]
        return [
            (uuid, promise, found.get(uuid))
            for uuid, promise in self.promises.items()
            if not _kept(promise, found.get(uuid))
        ]


def _groups(client: Client) -> dict[str, dict] | None:
    found: dict[str, dict] = {}
    page, total = 1, 1
    while (page - 1) * 100 < total:
        fields = "field=uuid&field=state&field=rules"
        answer = client.ask("GET", f"{GROUPS}?page_size=100&page={page}&{fields}")
        if answer.status != 200:
            return None
        found |= {group["uuid"]: group for group in answer.json()}
        total = int(answer.headers["x-result-count"])
        page += 1
    return found


def _kept(promise: Promise, group: dict | None) -> bool:
    if promise.gone:
        return group is None
    if group is None:
        return promise.open
    ports = tuple(sorted(rule["from_port"] for rule in group["rules"]))
    # Not acknowledged, but done: a deletion ends in the group's absence.
    return group["state"] == "OK" and ports in promise.rules
