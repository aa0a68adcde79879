"""What stands for a forked harness where it was asked for; see `harness_forks`. Loads little, as it runs for each."""

from __future__ import annotations

import json
import os
import socket


def main() -> int:
    """The exit code of the harness that was given this process's streams."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(os.environ["LAMBDAKIT_TESTS_FORKS"])
        told = {"environment": dict(os.environ), "directory": os.getcwd()}  # noqa: PTH109 - pathlib takes as long to load as all else
        text = json.dumps(told).encode() + b"\n"
        sent = socket.send_fds(connection, [text], [0, 1, 2])
        connection.sendall(text[sent:])
        os.closerange(0, 3)  # so that the harness's end is the end of its streams
        status = connection.recv(16)
    return int(status or b"1")


if __name__ == "__main__":
    os._exit(main() & 0xFF)
