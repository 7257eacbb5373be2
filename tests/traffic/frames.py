"""Packets as bytes on a wire: Ethernet frames."""

import ipaddress
import struct

from tests.traffic.packets import Packet
from tests.traffic.worlds import OUTSIDE_MAC

ETHERTYPES = {"IPv4": 0x0800, "IPv6": 0x86DD}
ARP = 0x0806
TCP, UDP, SCTP, DCCP, UDPLITE = 6, 17, 132, 33, 136
SYN = 0x02
SCTP_INIT = 1


def frame(packet: Packet) -> bytes:
    """Return the packet as a frame from its source to its destination."""
    source = ipaddress.ip_address(packet.source).packed
    destination = ipaddress.ip_address(packet.destination).packed
    header = _ipv4_header if packet.ethertype == "IPv4" else _ipv6_header
    payload = _payload(packet)
    ends = (packet.destination_port, packet.source_port)
    macs = b"".join(mac_bytes(port.mac if port else OUTSIDE_MAC) for port in ends)
    kind = struct.pack("!H", ETHERTYPES[packet.ethertype])
    return macs + kind + header(packet, source, destination, len(payload)) + payload


def marker(destination: str, source: str, number: int) -> bytes:
    """Return a frame that firewalls of IP let pass, and that is like no other one."""
    return mac_bytes(destination) + mac_bytes(source) + struct.pack("!HQ", ARP, number).ljust(50)


def mac_bytes(mac: str) -> bytes:
    """Return the six bytes of a MAC address."""
    return bytes.fromhex(mac.replace(":", ""))


def _ipv4_header(packet: Packet, source: bytes, destination: bytes, length: int) -> bytes:
    fields = (0x45, 0, 20 + length, 1, 0, packet.hops, packet.protocol)
    without = struct.pack("!BBHHHBBH", *fields, 0) + source + destination
    return without[:10] + struct.pack("!H", checksum(without)) + without[12:]


def _ipv6_header(packet: Packet, source: bytes, destination: bytes, length: int) -> bytes:
    header = struct.pack("!IHBB", 6 << 28, length, packet.protocol, packet.hops)
    return header + source + destination


def _payload(packet: Packet) -> bytes:
    """Return what follows the header, without checksums, which the namespace ignores."""
    content = b"a packet of this test   "
    ports = struct.pack("!HH", packet.source_number, packet.number)
    if packet.is_icmp:
        return struct.pack("!BBHHH", packet.icmp_type, packet.icmp_code, 0, 7, 1) + content
    if packet.protocol == TCP:
        return ports + struct.pack("!IIBBHHH", 1, 0, 0x50, SYN, 1024, 0, 0)
    if packet.protocol in {UDP, UDPLITE}:
        # UDP-Lite is invalid with a checksum of 0.
        return ports + struct.pack("!HH", 8 + len(content), 1) + content
    if packet.protocol == SCTP:
        initiation = struct.pack("!BBHIIHHI", SCTP_INIT, 0, 20, 1, 1024, 1, 1, 1)
        return ports + struct.pack("!II", 0, 0) + initiation
    if packet.protocol == DCCP:
        return ports + struct.pack("!BBHBBHII", 5, 0, 0, 1, 0, 0, 1, 0)
    return content


def checksum(data: bytes) -> int:
    """Return the checksum of the Internet (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
