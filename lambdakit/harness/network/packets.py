"""Attempts to connect, as packets on the loopback of an environment's network namespace, and their refusal.

There every address that is nobody's is routed into the loopback, where its packets end unanswered: to the function it
is a network without a path. A packet socket sees them go by, and can put a refusal in.
Source: RFC 791, RFC 9293 (3.5.3: what a reset must carry to be believed), RFC 792 and RFC 768; packet(7), socket(7).
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Final

from lambdakit.records import dataclass

_SO_ATTACH_FILTER: Final = 26
_ETH_P_IP: Final = 0x0800
_TCP, _UDP, _ICMP = 6, 17, 1
_UNREACHABLE, _PORT = 3, 3
_PACKET_BYTES: Final = 256  # of each, more than all headers have

# Classic BPF over an IPv4 packet, as bpf_asm writes it; each row: code, jump if true, jump if false, value.
# Loopback and link-local addresses answer for themselves, and nobody connects to a group.
_ONLY_ATTEMPTS: Final = (
    (0x30, 0, 0, 16),  # ldb [16]: the destination's first byte
    (0x15, 11, 0, 127),  # jeq #127, drop
    (0x35, 10, 0, 224),  # jge #224, drop
    (0x28, 0, 0, 16),  # ldh [16]
    (0x15, 8, 0, 0xA9FE),  # jeq #169.254, drop
    (0x30, 0, 0, 9),  # ldb [9]: the protocol
    (0x15, 5, 0, _UDP),  # jeq #udp, accept
    (0x15, 0, 5, _TCP),  # jeq #tcp, or drop
    (0xB1, 0, 0, 0),  # ldxb 4*([0]&0xf)
    (0x50, 0, 0, 13),  # ldb [x + 13]: flags
    (0x54, 0, 0, 0x12),  # and #SYN|ACK
    (0x15, 0, 1, 0x02),  # jeq #SYN, or drop
    (0x06, 0, 0, _PACKET_BYTES),  # accept
    (0x06, 0, 0, 0),  # drop
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A TCP connection that is asked for, or a UDP datagram. source_port: of the function's socket."""

    is_tcp: bool
    source_port: int
    address: str
    port: int
    packet: bytes


def watch(tap: socket.socket) -> None:
    """Lets a packet socket that is not bound yet see attempts to connect, and nothing else."""
    rows = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in _ONLY_ATTEMPTS))
    tap.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(_ONLY_ATTEMPTS), ctypes.addressof(rows))
    )
    tap.setblocking(False)
    tap.bind(("lo", _ETH_P_IP))


def next_attempt(tap: socket.socket) -> Attempt | None:
    """The next attempt; None when there is no more. OSError when the socket is closed."""
    try:
        packet = tap.recv(_PACKET_BYTES)
    except BlockingIOError:
        return None
    return read_attempt(packet)


def read_attempt(packet: bytes) -> Attempt:
    """What an IPv4 packet with TCP or UDP in it asks for."""
    source_port, port = struct.unpack_from("!HH", packet, _header_bytes(packet))
    return Attempt(
        is_tcp=packet[9] == _TCP,
        source_port=source_port,
        address=socket.inet_ntoa(packet[16:20]),
        port=port,
        packet=packet,
    )


def refuse(tap: socket.socket, attempt: Attempt) -> None:
    """Has the function see at once that nobody takes the connection, or the datagram."""
    tap.sendto(refusal(attempt), ("lo", _ETH_P_IP, 0, 0, bytes(6)))


def refusal(attempt: Attempt) -> bytes:
    """The packet that refuses: a reset, or the word that nobody listens."""
    packet = attempt.packet
    source, destination = packet[12:16], packet[16:20]
    at = _header_bytes(packet)
    if not attempt.is_tcp:
        body = struct.pack("!BBHI", _UNREACHABLE, _PORT, 0, 0) + packet[: at + 8]
        return _packet(destination, source, _ICMP, _with_checksum(body, 2))
    sequence = struct.unpack_from("!I", packet, at + 4)[0]
    reset = struct.pack(
        "!HHIIBBHHH", attempt.port, attempt.source_port, 0, (sequence + 1) & 0xFFFFFFFF, 0x50, 0x14, 0, 0, 0
    )
    pseudo = destination + source + struct.pack("!BBH", 0, _TCP, len(reset))
    return _packet(destination, source, _TCP, _with_checksum(reset, 16, pseudo))


def _packet(source: bytes, destination: bytes, protocol: int, body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, source, destination)
    return _with_checksum(head, 10) + body


def _with_checksum(part: bytes, at: int, pseudo: bytes = b"") -> bytes:
    """`part` with the checksum over it, and what counts as if it stood before it, at its place. RFC 1071."""
    counted = pseudo + part
    counted += bytes(len(counted) % 2)
    total: int = sum(struct.unpack(f"!{len(counted) // 2}H", counted))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return part[:at] + struct.pack("!H", ~total & 0xFFFF) + part[at + 2 :]


def _header_bytes(packet: bytes) -> int:
    return (packet[0] & 0x0F) * 4
