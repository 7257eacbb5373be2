"""The cost of every part of a request is at most proportional to its length.

Each part is filled with 1 kB and with 32 kB of one unit after another, and the processor's time of
the whole request is compared: 32 times as much text may cost 32 times as much, what grows with the
square of the length costs up to a thousand times as much.
"""

import asyncio
import itertools
import time
from urllib.parse import quote

import pytest

from ringfence.app import create_app
from ringfence.settings import Settings

SHORT, LONG = 1_000, 32_000
# Some tolerance, for a machine that others use as well.
MOST = 1.5 * LONG / SHORT
TRIES = 6

GROUPS = "/api/openstack-security-groups/"
SESSION = "/console/session/"

# Repeated, each of these is a text that a backtracking parser scans again from every position.
UNITS = ("a", "a+", " ", '"', "\\", ', "', ";a=", "a=b; ", "/", "token 1", "gzip;q=0")
# For text that is decoded as UTF-8: combining marks that normalisation reorders.
MARKS = "\u0301\u0316"

HEADERS = {
    name.encode(): before
    for name, before in {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "access-control-request-method": "",
        "authorization": "Token ",
        "content-encoding": "",
        "content-type": "application/json; a",
        "cookie": 'ringfence="',
        "host": "localhost",
        "idempotency-key": "",
        "if-match": '"',
        "if-none-match": 'W/"',
        "if-modified-since": "",
        "origin": "http://[",
        "prefer": "handling=",
        "traceparent": "00-",
        "user-agent": "",
        "x-forwarded-for": "10.0.0.1, ",
        "x-forwarded-host": "a",
        "x-forwarded-proto": "https",
        "x-request-id": "",
        "x-unknown": "",
    }.items()
}


BODIES = (
    "%",
    '{"%": 1}',
    '{"username": "%", "password": "x"}',
    '{"name": "%", "description": "%"}',
    '{"cidr": "%", "protocol": "%", "from_port": "%", "to_port": "%"}',
    '{"remote_group": "http://%", "direction": "%", "ethertype": "%"}',
)


@pytest.fixture
def app(database):
    app = create_app(Settings(address_rate=0, token_rate=0, token_change_rate=0))
    app.state.database = database
    return app


class Requests:
    """Sends requests to the application without a client, whose time would be measured as well."""

    def __init__(self, app, path, ruled):
        self._app = app
        self._path = path
        self._ruled = ruled

    def send(self, method, path, query=b"", headers=(), body=b""):
        given = {
            b"host": b"localhost",
            b"authorization": b"Token admin-token",
            b"content-type": b"application/json",
            **dict(headers),
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": query,
            "root_path": "",
            "headers": list(given.items()),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return self._sent(scope, body)

    async def _sent(self, scope, body):
        statuses = []
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive():
            await asyncio.sleep(0)
            return next(messages, {"type": "http.disconnect"})

        async def send(message):
            await asyncio.sleep(0)
            statuses.append(message.get("status"))

        await self._app(scope, receive, send)
        return statuses[0]

    def of_header(self, name, text):
        """Return the same header in a read, a change, and the end of a session."""
        header = {name: text.encode("latin-1")}
        own = {b"x-ringfence-console": b"1", b"origin": b"http://localhost", **header}
        yield self.send("GET", GROUPS, headers=header)
        yield self.send("PATCH", self._path, headers=header, body=b'{"name": ""}')
        yield self.send("DELETE", SESSION, headers=own)

    def of_path(self, before, text):
        for method in ("GET", "DELETE"):
            yield self.send(method, before + text)
            yield self.send(method, before + text + "/")

    def of_query(self, name, text):
        query = (name + quote(text, safe="&=+;/")).encode()
        yield self.send("GET", GROUPS, query=query)
        yield self.send("DELETE", self._path, query=query + b"&dry_run=maybe")

    def of_body(self, form, text):
        body = form.replace("%", text).encode("utf-8", "replace")
        yield self.send("POST", "/api-auth/password/", body=body)
        yield self.send("PATCH", self._path, body=body)
        # Together with a rule that is always invalid.
        rules = b'[{"direction": "across"}, ' + body + b"]"
        yield self.send("POST", self._ruled + "set_rules/", body=rules)
        yield self.send("POST", self._path + "unlink/", body=body)


def parts(requests, path, kind):
    """Return every part of this kind, with a function that sends requests with a text in it."""
    match kind:
        case "header":
            for name, before in HEADERS.items():
                yield name, (lambda text, n=name, b=before: requests.of_header(n, b + text + '"'))
        case "path":
            for before in ("/", "/api/", GROUPS, path, "/console/"):
                yield before, (lambda text, b=before: requests.of_path(b, text))
        case "query":
            for name in ("", "name=", "tenant=", "o=", "page=", "dry_run="):
                yield name, (lambda text, n=name: requests.of_query(n, text))
        case "body":
            for form in BODIES:
                yield form, (lambda text, f=form: requests.of_body(f, text))


def filled(unit, length):
    return unit * (length // len(unit)) + "!"


async def cost(make, text):
    """Return the processor time in seconds of each request made of a text."""
    found = []
    for request in make(text):
        began = time.process_time()
        assert await request
        found.append(time.process_time() - began)
    return found


async def is_expensive(make, unit):
    """Return whether the longer text costs more than its proportion in every attempt."""
    short, long = [], []
    for _ in range(TRIES):
        short = least(short, await cost(make, filled(unit, SHORT)))
        long = least(long, await cost(make, filled(unit, LONG)))
        if all(much <= MOST * little for much, little in zip(long, short, strict=True)):
            return False
    return True


def least(before, now):
    return [min(pair) for pair in zip(before or now, now, strict=True)]


@pytest.mark.parametrize("kind", ["header", "path", "query", "body"])
async def test_no_part_of_a_request_costs_more_than_in_proportion_to_its_length(app, world, kind):
    path, ruled = [f"{GROUPS}{(await world.group(name)).hex}/" for name in ("web", "ruled")]
    for name, make in parts(Requests(app, path, ruled), path, kind):
        units = UNITS if kind == "header" else (*UNITS, MARKS)
        for unit in units if kind != "path" else (unit for unit in units if "/" not in unit):
            assert not await is_expensive(make, unit), (name, unit)


async def test_the_measurement_distinguishes_linear_from_quadratic():
    async def quadratic(text):
        return sum(len(text[place:]) > text.count("!", place) for place in range(len(text)))

    async def linear(text):
        return sum(character != "!" for character in text)

    def of(function):
        return lambda text: itertools.repeat(function(text), 1)

    assert await is_expensive(of(quadratic), "a")
    assert not await is_expensive(of(linear), "a")
