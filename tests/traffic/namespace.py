"""A bridge in a network namespace of its own, with a firewall between its ports.

Run as a process in the namespace, which ends with it:

    unshare --net python namespace.py iptables-legacy|iptables-nft

reads requests, one line of JSON each, and writes one line of JSON for each. `firewall` replaces
what is there by commands of Neutron's driver; `send` sends a frame from one device and says
whether it arrives at another one.
"""

import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

BRIDGE = "brq0a0a0a0a-00"
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
SECONDS = 30.0
TABLES = ("filter", "nat", "raw")
CHAINS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
}
# Netlink: delete all connections that the kernel tracks
NETLINK_NETFILTER, CTNETLINK_DELETE = 12, (1 << 8) | 2
NLM_F_REQUEST, NLM_F_ACK = 1, 4


class Wire:
    """The bridge and its devices."""

    def __init__(self, devices: dict[str, str]) -> None:
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        # Frames come without checksums.
        Path("/proc/sys/net/netfilter/nf_conntrack_checksum").write_text("0")
        self.devices = {name: tap(name) for name in devices}
        settings = ["mcast_snooping", "0", "forward_delay", "0"]
        run(["ip", "link", "add", BRIDGE, "type", "bridge", *settings])
        for name, mac in devices.items():
            run(["ip", "link", "set", name, "master", BRIDGE, "up"])
            run(["bridge", "fdb", "replace", mac, "dev", name, "master", "static"])
        run(["ip", "link", "set", BRIDGE, "up"])

    def arrives(self, source: str, frame: bytes, destination: str, marker: bytes) -> bool:
        """Send a frame, then the marker, which always arrives; return whether the frame did."""
        for device in self.devices.values():
            drain(device)
        os.write(self.devices[source], frame)
        os.write(self.devices[source], marker)
        device = self.devices[destination]
        arrived = False
        until = time.monotonic() + SECONDS
        while select.select([device], [], [], until - time.monotonic())[0]:
            received = os.read(device, 65536)
            if received == marker:
                return arrived
            arrived = arrived or received == frame
        raise TimeoutError("the bridge does not forward")


def tap(name: str) -> int:
    """Create a device; what is written to it comes from it."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def drain(device: int) -> None:
    """Forget what has arrived."""
    while select.select([device], [], [], 0)[0]:
        os.read(device, 65536)


def run(command: list[str], text: str = "") -> None:
    """Run a program; raise `SystemExit` with what it says if it fails."""
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{command}: {result.stderr}\n{text}")


def firewall(commands: list[tuple[list[str], str]], backend: str) -> None:
    """Replace rules and sets by what Neutron's driver would run."""
    empty = "".join(
        f"*{table}\n" + "".join(f":{chain} ACCEPT [0:0]\n" for chain in chains) + "COMMIT\n"
        for table, chains in CHAINS.items()
    )
    variant = backend.removeprefix("iptables-")
    for program in ("iptables", "ip6tables"):
        run([f"{program}-{variant}-restore"], empty)
    run(["ipset", "destroy"])
    for (program, *arguments), text in commands:
        is_restore = program.endswith("-restore")
        named = program.replace("tables-", f"tables-{variant}-") if is_restore else program
        # Built-in chains exist; declared again, they would have no policy.
        lines = [line for line in text.splitlines() if not is_built_in(line)]
        run([named, *arguments], "\n".join(lines) + "\n")


def is_built_in(line: str) -> bool:
    """Return whether a line of iptables-restore declares a chain of the kernel's."""
    names = {chain for chains in CHAINS.values() for chain in chains}
    return line.startswith(":") and line[1:].split(maxsplit=1)[0] in names


def forget_connections() -> None:
    """Let the kernel forget all connections, so that a packet is the first of one."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        flags = NLM_F_REQUEST | NLM_F_ACK
        netlink.send(struct.pack("=IHHIIBBH", 20, CTNETLINK_DELETE, flags, 1, 0, 0, 0, 0))
        (error,) = struct.unpack("=i", netlink.recv(4096)[16:20])
        if error:
            raise OSError(-error, os.strerror(-error))


def main(backend: str) -> None:
    """Serve requests until there are no more."""
    wire = Wire(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        request = json.loads(line)
        result = None
        if "firewall" in request:
            firewall(request["firewall"], backend)
        else:
            if not request["is_reply"]:
                forget_connections()
            frames = [bytes.fromhex(request[name]) for name in ("frame", "marker")]
            result = wire.arrives(request["source"], frames[0], request["destination"], frames[1])
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
