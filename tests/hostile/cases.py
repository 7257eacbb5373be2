"""Bodies and heads that no client sends in good faith, each with the status that it gets."""

from tests.fuzz.instance import token
from tests.hostile.wire import request

STAFF = f"Authorization: Token {token('staff')}"
GROUPS = "/api/openstack-security-groups/"
LARGE = 10_000_000


def nested(depth):
    return b"[" * depth + b"]" * depth


def renamed(value):
    return b'{"name": ' + value + b"}"


BODIES = {
    "10 MB": (renamed(b'"' + b"x" * LARGE + b'"'), 413),
    "10 MB of small values": (b"[" + b"1," * (LARGE // 2) + b"1]", 413),
    "nested 10,000 deep": (nested(10_000), 400),
    "objects 10,000 deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "half a million opened": (b"[" * 500_000, 400),
    "invalid UTF-8": (renamed(b'"\xff\xfe"'), 400),
    # One of them would be lost, and readers disagree which.
    "duplicate keys": (b'{"name": "good", "name": "better"}', 400),
    "NaN": (renamed(b"NaN"), 400),
    "a number beyond 64 bits, too long to read": (renamed(b"9" * 100_000), 400),
    "NUL": (renamed(b'"a\\u0000b"'), 400),
    "half a surrogate pair": (renamed(b'"\\ud800"'), 400),
    "UTF-16": (renamed(b'"x"').decode().encode("utf-16"), 400),
    "zeros": (b"\0" * 1_000_000, 400),
}

HEADS = {
    "a header of 64 kB": (request("GET", GROUPS, STAFF, f"X-Long: {'x' * 65_536}"), 431),
    "a header of 10 MB": (request("GET", GROUPS, STAFF, f"X-Long: {'x' * LARGE}"), 431),
    "a thousand headers": (request("GET", GROUPS, STAFF, *["X-Many: 1"] * 1000), 431),
    "10,000 fields": (request("GET", f"{GROUPS}?{'field=name&' * 10_000}", STAFF), 431),
    "a method of 10 MB": (request("X" * LARGE, GROUPS, STAFF), 431),
    "a NUL in a header": (request("GET", GROUPS, STAFF, "X: a\0b"), 400),
    "a NUL in the path": (request("GET", "/api/\0/", STAFF), 400),
    "bytes beyond ASCII in the path": (request("GET", "/api/\xff\xfe/", STAFF), 400),
    "a token beyond ASCII": (request("GET", GROUPS, "Authorization: Token \xff"), 401),
    "no host": (f"GET {GROUPS} HTTP/1.1\r\n{STAFF}\r\n\r\n".encode(), 400),
    "an odd host": (f"GET {GROUPS} HTTP/1.1\r\nHost: a b\r\n{STAFF}\r\n\r\n".encode(), 400),
    "a folded header": (request("GET", GROUPS, STAFF, "X: a\r\n b"), 400),
    "a blank before the colon": (request("GET", GROUPS, STAFF, "X : a"), 400),
    "TLS": (b"\x16\x03\x01\x02\x00" + b"\0" * 500, 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "a method that is unknown": (request("BREW", GROUPS, STAFF), 405),
    "a tunnel": (request("CONNECT", "example.com:80", STAFF), 404),
}
