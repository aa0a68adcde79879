"""Whether a process's network namespace has a connection that is still being set up.

Source: proc(5), `net/tcp`; the kernel's `include/net/tcp_states.h`: 02 is SYN_SENT.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Final

_SYN_SENT: Final = "02"


def is_connecting(pid: int, *, source_port: int, address: str, port: int) -> bool:
    """Whether a socket still waits for an answer from `address`, IPv4. False when the process is gone."""
    # The kernel writes an address as a number of the machine; an IPv6 socket has it at the end of its own.
    remote = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    local = f":{source_port:04X}"
    return any(_has(Path(f"/proc/{pid}/net/{name}"), local, remote) for name in ("tcp", "tcp6"))


def _has(table: Path, local: str, remote: str) -> bool:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return False
    rows = (line.split(maxsplit=4) for line in lines)
    return any(row[1].endswith(local) and row[2].endswith(remote) and row[3] == _SYN_SENT for row in rows)
