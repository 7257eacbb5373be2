"""What iptables does with packets: rules of Neutron's driver, and real packets on a bridge."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.traffic import programs
from tests.traffic.frames import frame, marker
from tests.traffic.packets import Packet
from tests.traffic.worlds import OUTSIDE_MAC, Port

NAMESPACE = Path(__file__).with_name("namespace.py")
BACKENDS = ("iptables-legacy", "iptables-nft")
PROGRAMS = ("unshare", "ip", "bridge", "ipset", *BACKENDS)
OUTSIDE = "outside"


class Iptables:
    """A bridge with a firewall; see `running`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.numbers = count()

    def load(self, commands: Sequence[Any]) -> None:
        """Replace the firewall by commands of Neutron's driver."""
        self._call({"firewall": commands})

    def admits(self, packet: Packet, *, is_reply: bool = False) -> bool:
        """Send a packet, and return whether it reaches its destination.

        All connections are forgotten before, unless it is the reply to the last one.
        """
        ends = [port or _OUTSIDE for port in (packet.source_port, packet.destination_port)]
        source, destination = ends
        following = marker(destination.mac, source.mac, next(self.numbers))
        request = {
            "is_reply": is_reply,
            "source": source.device,
            "destination": destination.device,
            "frame": frame(packet).hex(),
            "marker": following.hex(),
        }
        return bool(self._call(request))

    def _call(self, request: Mapping[str, Any]) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        response = self.process.stdout.readline()
        if not response:
            assert self.process.stderr
            raise RuntimeError(self.process.stderr.read())
        return json.loads(response)


_OUTSIDE = Port("", OUTSIDE, OUTSIDE_MAC, (), (), ())


@contextmanager
def running(folder: Path, backend: str, ports: Sequence[Port]) -> Iterator[Iptables]:
    """Run a bridge with these ports in a network namespace inside the block."""
    command = [*_unshare(), sys.executable, str(NAMESPACE), backend]
    environment = programs.environment() | {"XTABLES_LOCKFILE": str(folder / "xtables.lock")}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        assert process.stdin
        devices = {port.device: port.mac for port in (*ports, _OUTSIDE)}
        process.stdin.write(json.dumps(devices) + "\n")
        yield Iptables(process)


def _unshare() -> list[str]:
    is_root = os.geteuid() == 0
    return ["unshare", "--net"] if is_root else ["unshare", "--user", "--map-root-user", "--net"]


def left_out() -> str | None:
    """Return why nothing can be compared with iptables here, or `None`."""
    if missing := programs.missing(*PROGRAMS):
        return f"there is no {', '.join(missing)}; tools/firewalls fetches it"
    script = "test -w /dev/net/tun && test $(cat /proc/sys/net/bridge/bridge-nf-call-iptables) = 1"
    command = [*_unshare(), "sh", "-c", f"{script} && iptables-legacy -S && ipset list"]
    tried = subprocess.run(
        command, env=programs.environment(), capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"no firewall in a network namespace of this kernel or user: {tried.stderr.strip()}"
    return None
