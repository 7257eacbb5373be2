"""Attacks on a served instance: each says what it met, or raises what was wrong with that.

They come from addresses that a trusted proxy would name, as most services have one in front.
"""

import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from tests.fuzz.instance import PASSWORD, Instance, token
from tests.hostile.cases import BODIES, HEADS
from tests.hostile.wire import Response, connected, received, request, send
from tests.patience import PATIENCE_SECONDS

GROUPS = "/api/openstack-security-groups/"
TOKENS = "/api/personal-access-tokens/"
SIGN_IN = "/api-auth/password/"
SESSION = "/console/session/"
CONSOLE = "X-Ringfence-Console: 1"
JSON = "Content-Type: application/json"
NO_GROUP = f"{GROUPS}{'0' * 32}/"
LARGE = 30_000
# A proxy's own header, or an application's, is not longer.
LONG = 12_000


@dataclass(frozen=True)
class Attack:
    """What is tried, and how."""

    title: str
    run: Callable[[Instance], str]

    @property
    def name(self) -> str:
        return self.run.__name__


ATTACKS: list[Attack] = []


def attack(title: str) -> Callable[[Callable[[Instance], str]], Callable[[Instance], str]]:
    def listed(run: Callable[[Instance], str]) -> Callable[[Instance], str]:
        ATTACKS.append(Attack(title, run))
        return run

    return listed


def sign(user: str) -> str:
    return f"Authorization: Token {token(user)}"


def statuses(instance: Instance, sent: Iterable[bytes]) -> Counter[int | None]:
    return Counter(send(instance.address, each).status for each in sent)


def at_once(number: int, run: Callable[[int], int]) -> Counter[int]:
    with ThreadPoolExecutor(number) as threads:
        return Counter(threads.map(run, range(number)))


def signing_in(instance: Instance, username: str, password: str, address: str) -> Response:
    body = json.dumps({"username": username, "password": password}).encode()
    header = f"X-Forwarded-For: {address}"
    return send(instance.address, request("POST", SIGN_IN, header, body=body))


def told(found: Counter[int | None] | Counter[int]) -> str:
    return ", ".join(f"{number} of {status}" for status, number in sorted(found.items(), key=str))


def expect(found: Counter[int | None] | Counter[int], *allowed: int | None) -> str:
    assert found, "nothing was tried"
    assert set(found) <= set(allowed), told(found)
    return told(found)


@attack("a path of 12 and 30 kB that masks and parsers go over again and again")
def long_paths(instance: Instance) -> str:
    paths = [
        "/" + unit * (size // len(unit)) for unit in ("a+", "a.", "%41") for size in (LONG, LARGE)
    ]
    return expect(statuses(instance, (request("GET", path) for path in paths * 3)), 404, 431)


@attack("a Content-Type of 12 kB, in a request and in the audit trail")
def long_types(instance: Instance) -> str:
    kinds = [f"{unit * (LONG // len(unit))}" for unit in ("a+", "a.a", "token ", "a=b;", "x://")]
    sent = [
        request("POST", SIGN_IN, f"Content-Type: {kind}", "Content-Length: 2") + b"{}"
        for kind in kinds * 3
    ]
    return expect(statuses(instance, sent), 415)


@attack("other headers full of what their parsers dislike")
def odd_headers(instance: Instance) -> str:
    headers = {
        "Accept": ("application/json;a", ",", ";"),
        "Accept-Encoding": ("gzip;q=0,", ", "),
        "Authorization": ("Token ", "bearer "),
        "Cookie": ("\\", '"', "a=b;"),
        "Host": ("a.", "a:"),
        "If-None-Match": ('W/"', '",'),
        "Prefer": ("a=", '"'),
        "X-Forwarded-For": ("10.0.0.1,", '"', "::"),
        "X-Forwarded-Host": ('"a', "a."),
        "X-Request-ID": ("a", "-"),
    }
    sent = [
        request("GET", GROUPS, f"{name}: {unit * (LONG // len(unit))}", CONSOLE)
        for name, units in headers.items()
        for unit in units
    ]
    return expect(statuses(instance, sent), 400, 401, 406)


@attack("30 kB of backslashes in a quoted cookie")
def quoted_cookies(instance: Instance) -> str:
    cookie = f'Cookie: ringfence="{chr(92) * 28_000}"'
    sent = [request("GET", GROUPS, cookie, CONSOLE)] * 10
    return expect(statuses(instance, sent), 401)


@attack("an Origin that is no address")
def odd_origins(instance: Instance) -> str:
    origins = ("http://[", "http://[::1", "//", "null", "http://localhost@evil")
    sent = [
        request("POST", SESSION, CONSOLE, f"Origin: {origin}", body=b"{}") for origin in origins
    ]
    return expect(statuses(instance, sent), 403)


@attack("a last byte held back until the token is revoked")
def late_bytes(instance: Instance) -> str:
    with instance.client("victim") as client:
        [group] = client.get(GROUPS, params={"page_size": 1}).json()
        user = instance.victim["uuid"]
    changes = (
        ("POST", f"/api/users/{user}/refresh_token/", b"{}"),
        ("PATCH", f"{GROUPS}{group['uuid']}/", b'{"name": "late"}'),
    )
    late = [
        request(method, path, sign("victim"), *key, body=body)
        for method, path, body in changes
        for key in ((), (f"Idempotency-Key: late {path}",))
    ]
    with ExitStack() as stack:
        held = [stack.enter_context(connected(instance.address)) for _ in late]
        for connection, sent in zip(held, late, strict=True):
            connection.sendall(sent[:-1])
        time.sleep(0.5)
        with instance.client() as client:
            revoked = client.delete(f"/api/auth-tokens/{instance.victim['user_id']}/")
            assert revoked.status_code == 204, revoked.text
        found: Counter[int | None] = Counter()
        for connection, sent in zip(held, late, strict=True):
            connection.sendall(sent[-1:])
            found[int(received(connection).split(b" ", 2)[1])] += 1
    with instance.client() as client:
        assert client.get(f"{GROUPS}{group['uuid']}/").json()["name"] == group["name"]
    return expect(found, 401)


@attack("a hundred sign-ins at once, from as many networks")
def sign_in_crowd(instance: Instance) -> str:
    def one(number: int) -> int:
        answer = signing_in(instance, f"user{number}", "wrong", f"198.51.100.{number}")
        assert answer.status != 429 or "retry-after: " in answer.head
        return answer.status or 0

    return expect(at_once(100, one), 401, 429)


@attack("200 clients at once with tokens that are none, from as many networks")
def token_crowd(instance: Instance) -> str:
    def one(number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        with connected(instance.address) as connection:
            for turn in range(10):
                token_sent = f"Authorization: Token {number:032x}{turn:032x}"
                address = f"X-Forwarded-For: 2001:db8:{number:x}:9::1"
                connection.sendall(request("GET", GROUPS, token_sent, address))
                found[int(received(connection).split(b" ", 2)[1])] += 1
        return found

    with ThreadPoolExecutor(200) as threads:
        return expect(sum(threads.map(one, range(200)), Counter()), 401, 429)


@attack("a thousand refused changes from one IPv6 /64")
def refusals(instance: Instance) -> str:
    before = refusals_kept(instance)
    bad = "Authorization: Token 0000"
    with connected(instance.address) as connection:
        for number in range(1000):
            address = f"X-Forwarded-For: 2001:db8:0:5::{number:x}"
            connection.sendall(request("DELETE", NO_GROUP, bad, address))
            assert received(connection).split(b" ", 2)[1] in {b"401", b"429"}
    kept = refusals_kept(instance) - before
    assert kept <= 12, f"{kept} rows"
    return f"{kept} kept, the rest counted"


def refusals_kept(instance: Instance) -> int:
    environment = {**instance.environment}
    command = [sys.executable, "-m", "ringfence", "events", "export"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return sum(json.loads(line)["kind"] == "refusal" for line in done.stdout.splitlines())


@attack("guessing one user's password 110 times from one IPv6 /64")
def lock_out(instance: Instance) -> str:
    tried = Counter(
        signing_in(instance, "victim", "wrong", f"2001:db8:0:6::{number:x}").status
        for number in range(110)
    )
    expect(tried, 401, 429)
    assert tried[401] < 20, told(tried)
    right = signing_in(instance, "victim", PASSWORD, "192.0.2.77")
    assert right.status == 200, right
    return f"{told(tried)}; the user signs in elsewhere"


@attack("one password tried for 80 names")
def spraying(instance: Instance) -> str:
    tried = Counter(
        signing_in(instance, f"name{number}", "Summer2026!", "192.0.2.80").status
        for number in range(80)
    )
    expect(tried, 401, 429)
    assert tried[401] < 40, told(tried)
    assert "many_sign_ins_failed" in instance.log.read_text(encoding="utf-8")
    return f"{told(tried)}; told in the log"


@attack("a token of ten minutes that makes one for ever")
def minting(instance: Instance) -> str:
    soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    wanted = {"name": "short", "scopes": ["read", "write"], "expires_at": soon}
    with instance.client("ann") as client:
        made = client.post(TOKENS, json=wanted)
        assert made.status_code == 201, made.text
    headers = {"Authorization": f"Token {made.json()['token']}"}
    found: Counter[int] = Counter()
    with httpx.Client(
        base_url=instance.address, headers=headers, timeout=PATIENCE_SECONDS
    ) as client:
        longer = {**wanted, "name": "long", "expires_at": "9999-01-01T00:00:00Z"}
        found[client.post(TOKENS, json=longer).status_code] += 1
    with instance.client("ann") as client:
        client.delete(f"{TOKENS}{made.json()['uuid']}/")
    return expect(found, 400, 403)


@attack("names and times that break terminals and lists")
def hostile_names(instance: Instance) -> str:
    soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    wanted = {"name": "n", "scopes": ["read"], "expires_at": soon}
    wrong = (
        *({"name": name} for name in ("a\x1b]0;x\x07", "a\nb", "a\u202eb", "a\u0000")),
        *({"expires_at": time} for time in ("10000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00")),
    )
    with instance.client("ann") as client:
        found = Counter(client.post(TOKENS, json=wanted | each).status_code for each in wrong)
    return expect(found, 400)


@attack("pages of versions of 1,000 rules each, ten at a time")
def long_history(instance: Instance) -> str:
    with instance.client() as client:
        group = client.get(GROUPS, params={"page_size": 2}).json()[1]
        path = f"{GROUPS}{group['uuid']}/"
        for turn in range(3):
            rules = [
                {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": f"10.{turn}.0.0/16"}
                for port in range(1, 1001)
            ]
            settle(client, path)
            done = client.post(f"{path}set_rules/", json=rules)
            assert done.status_code in {200, 202, 400}, done.text

    def one(_number: int) -> int:
        with instance.client() as client:
            answer = client.get(f"{path}versions/", params={"page_size": 300})
            assert answer.status_code != 200 or len(answer.json()) <= 50
            return answer.status_code

    return expect(at_once(10, one), 200)


def settle(client: httpx.Client, path: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while client.get(path).json()["state"] not in {"OK", "ERRED"}:
        assert time.monotonic() < until
        time.sleep(0.1)


@attack("bodies of a megabyte, ten at a time")
def large_bodies(instance: Instance) -> str:
    body = b"[" + b'{"cidr":"10.0.0.0/8"},' * 45_000 + b"{}]"
    with instance.client() as client:
        [group] = client.get(GROUPS, params={"page_size": 1}).json()
    sent = request("POST", f"{GROUPS}{group['uuid']}/plan/", sign("staff"), body=body)
    found = at_once(10, lambda _: send(instance.address, sent).status or 0)
    return expect(found, 400, 409)


@attack("a session of a read-only token that ends all others")
def limited_sessions(instance: Instance) -> str:
    soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    with instance.client("ann") as client:
        wanted = {"name": "r", "scopes": ["read"], "expires_at": soon}
        made = client.post(TOKENS, json=wanted).json()
    origin = instance.address
    own = {"X-Ringfence-Console": "1", "Origin": origin}
    with httpx.Client(base_url=instance.address, headers=own, timeout=PATIENCE_SECONDS) as browser:
        begun = browser.post(SESSION, json={"token": made["token"]})
        assert begun.status_code == 200, begun.text
        found = Counter([browser.delete(SESSION, params={"everywhere": "true"}).status_code])
    with instance.client("ann") as client:
        assert client.get("/api/users/me/").status_code == 200
        client.delete(f"{TOKENS}{made['uuid']}/")
    return expect(found, 403)


@attack("two Host headers")
def two_hosts(instance: Instance) -> str:
    sent = [
        request("GET", GROUPS, sign("staff"), f"Host: {host}") for host in ("localhost", "evil")
    ]
    return expect(statuses(instance, sent), 400)


@attack("an address with a zone, in a change")
def zones(instance: Instance) -> str:
    address = "X-Forwarded-For: fe80::1%eth0"
    sent = [
        request("DELETE", NO_GROUP, sign("staff"), address),
        request("POST", SIGN_IN, address, body=b'{"username": "x", "password": "y"}'),
    ]
    return expect(statuses(instance, sent), 401, 404)


@attack("metrics through a proxy that does not say who asks")
def metrics(instance: Instance) -> str:
    said = ("X-Forwarded-For: unknown", "X-Forwarded-Proto: https", "X-Forwarded-For: a, b")
    return expect(statuses(instance, (request("GET", "/metrics", each) for each in said)), 403)


@attack("3,000 requests from one address as fast as they go")
def flood(instance: Instance) -> str:
    flooding = request("GET", "/api/version/", "X-Forwarded-For: 198.51.100.250")

    def one(_number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        with connected(instance.address) as connection:
            for _ in range(375):
                connection.sendall(flooding)
                found[int(received(connection).split(b" ", 2)[1])] += 1
        return found

    with ThreadPoolExecutor(8) as threads:
        found = sum(threads.map(one, range(8)), Counter())
    assert found[429], f"{told(found)}: no limit was met"
    return expect(found, 200, 401, 429)


@attack("a thousand networks with a request each, to have the limiter forget")
def many_networks(instance: Instance) -> str:
    with connected(instance.address) as connection:
        found: Counter[int] = Counter()
        for number in range(1000):
            address = f"X-Forwarded-For: 2001:db8:{number:x}::1"
            connection.sendall(request("GET", "/api/version/", address))
            found[int(received(connection).split(b" ", 2)[1])] += 1
    return expect(found, 200, 401)


@attack("fifty slow clients that hold back their bodies")
def slow_bodies(instance: Instance) -> str:
    with ExitStack() as stack:
        for _ in range(50):
            connection = stack.enter_context(connected(instance.address))
            connection.sendall(request("PUT", NO_GROUP, sign("staff"), body=b"[" * 900_000)[:-100])
        time.sleep(1)
    return "held, without a place"


@attack("a length and chunks at once, to smuggle a request in")
def smuggling(instance: Instance) -> str:
    hidden = b"0\r\n\r\n" + request("GET", "/health/live")
    both = ("Transfer-Encoding: chunked", f"Content-Length: {len(hidden)}")
    found: Counter[int | None] = Counter()
    for headers in (both, both[::-1]):
        with connected(instance.address) as connection:
            connection.settimeout(5)
            connection.sendall(request("PUT", NO_GROUP, sign("staff"), JSON, *headers) + hidden)
            raw = b""
            while piece := connection.recv(65_536):
                raw += piece
        assert raw.count(b"HTTP/1.1 ") == 1, "what was hidden was answered"
        found[int(raw.split(b" ", 2)[1])] += 1
    return f"{expect(found, 400, 404)}, and the connection is closed"


@attack("heads that no client sends")
def odd_heads(instance: Instance) -> str:
    found: Counter[int | None] = Counter()
    for what, (sent, status) in HEADS.items():
        answer = send(instance.address, sent)
        assert answer.status == status, (what, answer)
        found[answer.status] += 1
    return told(found)


@attack("bodies that no client sends")
def odd_bodies(instance: Instance) -> str:
    with instance.client() as client:
        [group] = client.get(GROUPS, params={"page_size": 1}).json()
    found: Counter[int | None] = Counter()
    for what, (body, status) in BODIES.items():
        path = f"{GROUPS}{group['uuid']}/"
        answer = send(instance.address, request("PUT", path, sign("staff"), body=body))
        assert answer.status == status, (what, answer)
        found[answer.status] += 1
    return told(found)


def names() -> list[str]:
    """Return the names of all attacks, each once."""
    found = [each.name for each in ATTACKS]
    assert len(set(found)) == len(found), [
        name for name, group in itertools.groupby(sorted(found)) if len(list(group)) > 1
    ]
    return found
