"""Attempts to connect, and the packets that refuse them."""

from __future__ import annotations

import socket
import struct

import pytest

from lambdakit.harness.network.packets import read_attempt, refusal

_SOURCE, _DESTINATION = "169.254.76.1", "198.18.0.7"


def _packet(protocol: int, body: bytes, *, options: bytes = b"") -> bytes:
    length = 20 + len(options)
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | length // 4,
        0,
        length + len(body),
        1,
        0,
        64,
        protocol,
        0,
        socket.inet_aton(_SOURCE),
        socket.inet_aton(_DESTINATION),
    )
    return head + options + body


def _syn(*, sequence: int = 41, options: bytes = b"") -> bytes:
    return _packet(6, struct.pack("!HHIIBBHHH", 40001, 443, sequence, 0, 0x50, 0x02, 64000, 0, 0), options=options)


def _sum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("options", [b"", b"\x01" * 8], ids=["plain", "with options"])
def test_attempt_is_read(options: bytes) -> None:
    attempt = read_attempt(_syn(options=options))

    assert (attempt.is_tcp, attempt.source_port, attempt.address, attempt.port) == (True, 40001, _DESTINATION, 443)


@pytest.mark.parametrize(("sequence", "acknowledged"), [(0, 1), (41, 42), (0xFFFFFFFF, 0)])
def test_reset_acknowledges_what_was_sent(sequence: int, acknowledged: int) -> None:
    packet = refusal(read_attempt(_syn(sequence=sequence)))

    source, destination = packet[12:16], packet[16:20]
    tcp = packet[20:]
    assert (socket.inet_ntoa(source), socket.inet_ntoa(destination)) == (_DESTINATION, _SOURCE)
    assert struct.unpack_from("!HHII", tcp) == (443, 40001, 0, acknowledged)
    assert tcp[13] == 0x14  # RST and ACK
    assert _sum(packet[:20]) == 0xFFFF
    assert _sum(source + destination + struct.pack("!BBH", 0, 6, len(tcp)) + tcp) == 0xFFFF


def test_datagram_is_told_that_nobody_listens() -> None:
    datagram = _packet(17, struct.pack("!HHHH", 40001, 123, 11, 0) + b"abc")

    packet = refusal(read_attempt(datagram))

    assert packet[9] == 1
    assert (packet[20], packet[21]) == (3, 3)
    assert packet[28:] == datagram[:28]  # RFC 792: the header, and the first 8 bytes behind it
    assert _sum(packet[20:]) == 0xFFFF
