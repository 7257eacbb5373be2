"""Hostile bytes on the sockets of a served instance: a clear 4xx, bounded memory, still there."""

import json
import time
from contextlib import ExitStack

import pytest
from tests.attacks.attacks import ATTACKS
from tests.fuzz.instance import served
from tests.hostile.cases import BODIES, GROUPS, HEADS, LARGE, STAFF, renamed
from tests.hostile.wire import chunked, connected, memory, received, request, send

# Far more than any of these requests needs, far less than all of them together.
ROOM = 64


@pytest.fixture(scope="module")
def instance():
    with served() as instance:
        yield instance


@pytest.fixture(scope="module")
def group(instance):
    """Return the path of a group."""
    with instance.client() as client:
        [group] = client.get(GROUPS, params={"page_size": 1}).json()
    return f"{GROUPS}{group['uuid']}/"


@pytest.fixture(autouse=True)
def _unharmed(instance, group, record_property):
    """Hold after each test: nothing was stored, memory is bounded, requests are answered."""
    with instance.client() as client:
        before = client.get(group).json()
        [process] = instance.processes()
        size = memory(process)
        yield
        grown = memory(process) - size
        record_property("MiB more", grown)
        after = client.get(group)
    assert after.json() == before
    assert instance.processes() == [process], "it was started anew"
    assert grown < ROOM, f"{grown} MiB"
    assert instance.faults() == []


@pytest.mark.parametrize("what", BODIES)
def test_a_hostile_body_is_refused_in_words(instance, group, what, record_property):
    body, status = BODIES[what]
    answer = send(instance.address, request("PUT", group, STAFF, body=body))
    record_property("milliseconds", answer.milliseconds)
    assert answer.status == status, answer
    assert json.loads(answer.body)
    assert "python" not in answer.body.decode().lower()
    assert "sys." not in answer.body.decode()


def test_a_port_beyond_64_bits_is_out_of_range(instance, group):
    rules = b'[{"protocol": "tcp", "from_port": 18446744073709551617, "to_port": 1e400}]'
    answer = send(instance.address, request("POST", group + "set_rules/", STAFF, body=rules))
    assert answer.status == 400, answer


def test_who_does_not_sign_in_has_no_large_body_read(instance, group, record_property):
    answer = send(instance.address, request("PUT", group, body=b"x" * LARGE))
    record_property("milliseconds", answer.milliseconds)
    assert answer.status == 401


def test_who_is_refused_before_the_body_came_keeps_the_connection(instance, group):
    body = renamed(b'"x"')
    whole = request("PUT", group, body=body)
    with connected(instance.address) as connection:
        connection.sendall(whole.removesuffix(body))
        # By now it is refused: the body plays no part in that.
        time.sleep(0.2)
        connection.sendall(body)
        assert received(connection).startswith(b"HTTP/1.1 401")
        connection.sendall(request("GET", "/health/live"))
        assert received(connection).startswith(b"HTTP/1.1 200")


def test_a_response_to_head_has_neither_a_body_nor_a_type(instance, group):
    paths = (
        GROUPS,
        f"{GROUPS}?page=7000",
        group,
        f"{group}usage/",
        "/api/version/",
        "/api/users/me/",
    )
    for path, credential in (
        *((path, STAFF) for path in paths),
        (f"{GROUPS}{'0' * 32}/", STAFF),
        (GROUPS, "Authorization: Token wrong"),
        ("/api/nothing/", STAFF),
    ):
        with connected(instance.address) as connection:
            connection.sendall(request("HEAD", path, credential))
            connection.sendall(request("GET", "/health/live"))
            raw = b""
            # What follows on the connection is the next response: no byte of a body is between.
            while raw.count(b"HTTP/1.1 ") < 2 or not raw.endswith(b"}"):
                piece = connection.recv(65_536)
                assert piece, raw
                raw += piece
        head, _, rest = raw.decode("latin-1").partition("\r\n\r\n")
        assert rest.startswith("HTTP/1.1 200"), (path, raw)
        assert "\r\ncontent-type:" not in head.lower(), path
        assert "content-length: 0" not in head.lower(), path
        assert ("x-result-count" in head.lower()) == (path == GROUPS and credential == STAFF)


@pytest.mark.parametrize("what", HEADS)
def test_a_hostile_head_is_refused(instance, what, record_property):
    sent, status = HEADS[what]
    answer = send(instance.address, sent)
    record_property("milliseconds", answer.milliseconds)
    assert answer.status == status, answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/configuration/"),
        ("GET", "/api/identity-providers/"),
        ("GET", "/api/openstack-security-groups/"),
        ("POST", "/api-auth/password/"),
        ("DELETE", "/console/session/"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
        ("GET", "/api/users"),
    ],
)
@pytest.mark.parametrize("pair", ["a&", "%41&", "field=x&"])
def test_a_query_of_thousands_of_parameters_is_refused_unread(instance, method, path, pair):
    answer = send(instance.address, request(method, f"{path}?{pair * 2_500}"))
    assert answer.status == 400
    assert b"1024 parameters at most" in answer.body


def test_a_thousand_fields_are_answered(instance, group, record_property):
    answer = send(instance.address, request("GET", f"{group}?{'field&' * 1_000}", STAFF))
    record_property("milliseconds", answer.milliseconds)
    assert answer.status == 200


@pytest.mark.parametrize("length", ["-1", "abc", "+5", "5, 6", "9" * 30, "5\r\nContent-Length: 6"])
def test_a_length_that_is_none_is_refused(instance, group, length):
    json_type = "Content-Type: application/json"
    head = request("PUT", group, STAFF, json_type, f"Content-Length: {length}")
    assert send(instance.address, head, b'{"name": "x"}').status == 400


def test_a_body_shorter_than_its_length_is_told_so(instance, group):
    whole = request("PUT", group, STAFF, body=b'{"name": "short"}' + b" " * 50)
    answer = send(instance.address, whole[:-50], ends=True)
    assert answer.status == 400, answer
    assert json.loads(answer.body) == {"detail": "The request body ended before it was complete."}


def test_what_follows_a_body_is_no_part_of_it(instance, group):
    body = b'{"name": "\\u0000"}'
    answer = send(instance.address, request("PUT", group, STAFF, body=body), b'"more"}\r\n\r\n')
    assert answer.status == 400, answer


CHUNKS = {
    "no size": [b"zz\r\nabc\r\n"],
    "a size beyond 64 bits": [b"fffffffffffffffff\r\nabc"],
    "an endless extension": [b"5;" + b"x" * 1_000_000 + b"\r\nabcde\r\n0\r\n\r\n"],
    "endless trailers": [b"2\r\n{}\r\n0\r\n", b"X: " + b"y" * 1_000_000 + b"\r\n\r\n"],
    "no line after a chunk": [b"2\r\n{}XX0\r\n\r\n"],
}


@pytest.mark.parametrize("what", CHUNKS)
def test_chunks_that_are_none_are_a_400(instance, group, what):
    answer = send(instance.address, *chunked("PUT", group, STAFF, chunks=CHUNKS[what]))
    assert answer.status == 400, answer
    assert json.loads(answer.body)


def test_chunks_without_end_are_a_413(instance, group, record_property):
    endless = (b"10000\r\n" + b"x" * 65_536 + b"\r\n" for _ in range(1000))
    answer = send(instance.address, *chunked("PUT", group, STAFF, chunks=endless))
    record_property("milliseconds", answer.milliseconds)
    assert answer.status == 413


def test_a_length_and_chunks_at_once_are_no_second_request(instance, group):
    smuggled = request("DELETE", group, STAFF)
    sent = chunked("PUT", group, STAFF, "Content-Length: 5", chunks=[b"0\r\n\r\n", smuggled])
    assert send(instance.address, *sent).status == 400


def test_slow_bodies_hold_no_more_than_their_size_and_nobody_up(instance, group):
    head = request("PUT", group, STAFF, body=b"[" * 900_000)[:-100_000]
    [process] = instance.processes()
    size = memory(process)
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(instance.address)) for _ in range(50)]
        for connection in slow:
            connection.sendall(head)
        with instance.client() as client:
            assert client.get(group).status_code == 200
        assert memory(process) - size < 2 * ROOM
        # The rest of one comes after all.
        slow[0].sendall(b"[" * 100_000)
        assert received(slow[0]).startswith(b"HTTP/1.1 400 ")


# Those that take a moment; the others are what `make test-attacks` is for, and tests of their own.
QUICK = {
    *("long_paths", "long_types", "odd_headers", "quoted_cookies", "odd_origins", "late_bytes"),
    *("two_hosts", "zones", "metrics", "smuggling"),
}


@pytest.mark.parametrize(
    "attack", [each for each in ATTACKS if each.name in QUICK], ids=lambda each: each.name
)
def test_an_attack_meets_its_defence(instance, attack):
    assert attack.run(instance)


def test_clients_that_leave_amid_their_bodies_leave_no_trace(instance, group):
    for _ in range(50):
        with connected(instance.address) as connection:
            connection.sendall(request("PUT", group, STAFF, body=b"[" * 1000)[:-500])
