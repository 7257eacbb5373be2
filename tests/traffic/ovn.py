"""What OVN does with packets: worlds as Neutron writes them, traced by ovn-trace."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_SECONDS
from tests.traffic import programs
from tests.traffic.packets import Packet
from tests.traffic.worlds import OUTSIDE_MAC, World

SERVERS = Path(__file__).with_name("ovn_servers.py")
PROGRAMS = ("ovsdb-server", "ovsdb-tool", "ovn-northd", "ovn-trace")


class Ovn:
    """A running OVN; see `running`."""

    def __init__(self, folder: Path, servers: subprocess.Popen[str]) -> None:
        self.folder, self.servers = folder, servers
        self.northbound = Rpc(folder / "nb.sock")
        self.trace: Rpc | None = None
        self.left = 0

    def load(
        self, worlds: Sequence[World], written: Sequence[Mapping[str, Any]], packets: int = 1000
    ) -> None:
        """Write worlds, as Neutron's code says, each into a logical switch of its own.

        `packets` are the most that can be traced in them.
        """
        for world, each in zip(worlds, written, strict=True):
            self.northbound.transact("OVN_Northbound", operations(world, each))
        self._sync()
        assert self.servers.stdin
        self.left = packets
        self.servers.stdin.write(f"{packets}\n")
        self.servers.stdin.flush()
        ready(self.servers, self.folder)
        self.trace = Rpc(self.folder / "trace.ctl")

    def close(self) -> None:
        """End the connections, and the servers with their input."""
        for connection in (self.northbound, self.trace):
            if connection:
                connection.socket.close()
        assert self.servers.stdin
        self.servers.stdin.close()

    def _sync(self) -> None:
        """Wait until ovn-northd has translated all that was written."""
        self._wait(bool)  # ovn-northd makes the row.
        mutation = ["nb_cfg", "+=", 1]
        step = {"op": "mutate", "table": "NB_Global", "where": [], "mutations": [mutation]}
        self.northbound.transact("OVN_Northbound", [step])
        self._wait(lambda rows: rows[0]["nb_cfg"] == rows[0]["sb_cfg"])

    def _wait(self, is_done: Callable[[Sequence[Mapping[str, int]]], bool]) -> None:
        columns = ["nb_cfg", "sb_cfg"]
        select = {"op": "select", "table": "NB_Global", "where": [], "columns": columns}
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            (result,) = self.northbound.transact("OVN_Northbound", [select])
            if is_done(result["rows"]):
                return
            time.sleep(0.02)
        raise TimeoutError("ovn-northd does not translate")

    def admits(self, world: World, packet: Packet) -> bool:
        """Return whether a packet reaches its destination."""
        trace = self.text(world, packet)
        return f'/* output to "{world.name_of(packet.destination_port)}"' in trace

    def text(self, world: World, packet: Packet) -> str:
        """Return what ovn-trace says."""
        assert self.trace
        assert self.left > 0, "more packets are traced than was said"
        self.left -= 1
        return str(self.trace.call("trace", [world.switch, microflow(world, packet)]))


@contextmanager
def running(folder: Path) -> Iterator[Ovn]:
    """Run OVN in an empty folder inside the block."""
    command = [sys.executable, str(SERVERS), str(folder), str(programs.schemas())]
    pipe = subprocess.PIPE
    environment = programs.environment()
    environment |= {"OVS_RUNDIR": str(folder), "OVN_RUNDIR": str(folder)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as servers:
        ready(servers, folder)
        running = Ovn(folder, servers)
        try:
            yield running
        finally:
            running.close()


def ready(servers: subprocess.Popen[str], folder: Path) -> None:
    """Wait for the servers."""
    assert servers.stdout
    if servers.stdout.readline() != "ready\n":
        raise RuntimeError(f"OVN does not start:\n{(folder / 'log').read_text()}")


class Rpc:
    """A connection to a database or a program of OVN: JSON-RPC on a Unix socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.received = ""
        self.ids = count()

    def call(self, method: str, params: Sequence[Any]) -> Any:
        """Return the result; raise `RuntimeError` for an error."""
        number = next(self.ids)
        request = {"method": method, "params": params, "id": number}
        self.socket.sendall(json.dumps(request).encode())
        while (response := self._message()).get("id") != number:
            if response.get("method") == "echo":
                reply = {"result": response["params"], "error": None, "id": response["id"]}
                self.socket.sendall(json.dumps(reply).encode())
        if response["error"] is not None:
            raise RuntimeError(f"{params}: {response['error']}")
        return response["result"]

    def transact(self, database: str, steps: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Run steps in one transaction of a database."""
        results = self.call("transact", [database, *steps])
        if errors := [each for each in results if each and "error" in each]:
            raise RuntimeError(f"{errors}")
        return list(results)

    def _message(self) -> dict[str, Any]:
        decoder = json.JSONDecoder()
        while True:
            try:
                message, end = decoder.raw_decode(self.received)
            except ValueError:
                received = self.socket.recv(1 << 20)
                if not received:
                    raise ConnectionError("OVN has ended the connection") from None
                self.received += received.decode()
            else:
                self.received = self.received[end:].lstrip()
                return dict(message)


def operations(world: World, written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that insert a world: its switch, ports, groups with ACLs, address sets."""
    # Neutron has one port group that drops what no other admits; here each world has its own.
    own = json.loads(json.dumps(written).replace("neutron_pg_drop", f"drop_{world.switch}"))
    steps = []
    ports = [f"port{index}" for index in range(len(world.ports))]
    for named, port, values in zip(ports, world.ports, own["ports"], strict=True):
        row = {"name": world.name_of(port), "addresses": ovsdb_set(values["addresses"])}
        steps.append(insert("Logical_Switch_Port", row, named))
    row = {"name": world.name_of(None), "addresses": ovsdb_set([OUTSIDE_MAC, "unknown"])}
    steps.append(insert("Logical_Switch_Port", row, "outside"))
    row = {"name": world.switch, "ports": references([*ports, "outside"])}
    steps.append(insert("Logical_Switch", row))
    for name, addresses in own["address_sets"].items():
        steps.append(insert("Address_Set", {"name": name, "addresses": ovsdb_set(addresses)}))
    return [*steps, *_port_groups(own, ports)]


def _port_groups(written: Mapping[str, Any], ports: Sequence[str]) -> Iterator[dict[str, Any]]:
    members: dict[str, list[str]] = {name: [] for name in written["port_groups"]}
    acls: dict[str, list[str]] = {name: [] for name in written["port_groups"]}
    for named, values in zip(ports, written["ports"], strict=True):
        for group in values["groups"]:
            members[group].append(named)
    for index, acl in enumerate(written["acls"]):
        acls[acl["port_group"]].append(named := f"acl{index}")
        columns = ("priority", "direction", "match", "action")
        yield insert("ACL", {column: acl[column] for column in columns}, named)
    for name in written["port_groups"]:
        row = {"name": name, "ports": references(members[name]), "acls": references(acls[name])}
        yield insert("Port_Group", row)


def insert(table: str, row: Mapping[str, Any], named: str = "") -> dict[str, Any]:
    """Return a step that inserts a row; others refer to it by `named`."""
    step = {"op": "insert", "table": table, "row": row}
    return {**step, "uuid-name": named} if named else step


def ovsdb_set(values: Iterable[object]) -> list[Any]:
    """Return a set as OVSDB writes it."""
    return ["set", list(values)]


def references(names: Iterable[str]) -> list[Any]:
    """Return a set of rows that the same transaction inserts."""
    return ovsdb_set(["named-uuid", name] for name in names)


def microflow(world: World, packet: Packet) -> str:
    """Return a packet as ovn-trace takes it."""
    source, destination = packet.source_port, packet.destination_port
    ip = "ip4" if packet.ethertype == "IPv4" else "ip6"
    fields = {
        "inport": f'"{world.name_of(source)}"',
        "eth.src": source.mac if source else OUTSIDE_MAC,
        "eth.dst": destination.mac if destination else OUTSIDE_MAC,
        f"{ip}.src": packet.source,
        f"{ip}.dst": packet.destination,
        "ip.ttl": packet.hops,
        **_transport(packet),
    }
    return " && ".join(f"{name} == {value}" for name, value in fields.items())


def _transport(packet: Packet) -> dict[str, object]:
    names = {6: "tcp", 17: "udp", 132: "sctp", 1: "icmp4", 58: "icmp6"}
    name = names.get(packet.protocol)
    # ICMP of the other version is a number to OVN.
    if name is None or name == ("icmp6" if packet.ethertype == "IPv4" else "icmp4"):
        return {"ip.proto": packet.protocol}
    if packet.is_icmp:
        return {f"{name}.type": packet.icmp_type, f"{name}.code": packet.icmp_code}
    return {f"{name}.src": packet.source_number, f"{name}.dst": packet.number}
