"""An innocent client that asks again and again while others attack: `python -m … ADDRESS TOKEN`.

A process of its own, so that the attackers' work is not in its figures. It reads a mark from its
standard input for each part of the run, and at the end writes one JSON line of what it saw in each.
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

# Somebody else than the attackers, as the proxy in front says
HOST = "203.0.113.5"
PATHS = (
    "/api/openstack-security-groups/?page_size=10",
    "/api/users/me/",
    "/api/openstack-tenants/",
)
PAUSE_SECONDS = 0.02


class Marks:
    """Which part of the run it is, as the one who attacks says."""

    def __init__(self) -> None:
        self.current: str | None = "before"

    def follow(self) -> None:
        for line in sys.stdin:
            self.current = line.strip()
        self.current = None


def main(address: str, token: str) -> None:
    """Ask until standard input ends."""
    marks = Marks()
    threading.Thread(target=marks.follow, daemon=True).start()
    parts = urlsplit(address)
    headers = {"Authorization": f"Token {token}", "X-Forwarded-For": HOST}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    seen: list[tuple[str, int, float]] = []
    number = 0
    while (mark := marks.current) is not None:
        number += 1
        began = time.perf_counter()
        connection.request("GET", PATHS[number % len(PATHS)], headers=headers)
        answer = connection.getresponse()
        answer.read()
        seen.append((mark, answer.status, time.perf_counter() - began))
        time.sleep(PAUSE_SECONDS)
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
