"""The least that can run a Python function behind the Runtime API: what lambdakit's own times are compared with.

Run as a module: `spawn` or `fork`, the function's directory, and the directory of AWS's runtime client. It prints its
port and serves until standard input ends. `POST /warm` runs the function in an idle process, or in a new one; `POST
/cold` in a new one that ends afterwards. Nothing is checked, logged, limited or timed.
`spawn` starts an interpreter per process, `fork` forks one that has imported the client.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import lambdakit

_BOOTSTRAP = Path(lambdakit.__file__).parent / "harness" / "runtime" / "python_bootstrap.py"
_EVENT_HEAD = (
    b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: 9999999999999\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:trivial\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)

Start = Callable[[str], int]  # Runtime API's address -> process id


class Environment:
    """A process of the function and its Runtime API, which stands still between two invocations."""

    def __init__(self, start: Start) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.pid = start("{}:{}".format(*listening.getsockname()))
            self._connection, _ = listening.accept()
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._connection.makefile("rb")

    def invoke(self, event: bytes) -> bytes:
        """The function's answer."""
        _read_request(self._reader)  # GET …/next
        self._connection.sendall(_EVENT_HEAD % len(event) + event)
        _, answer = _read_request(self._reader)  # POST …/response
        self._connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        return answer

    def kill(self) -> None:
        """Ends the process."""
        os.kill(self.pid, signal.SIGKILL)
        self._reader.close()
        self._connection.close()


def serve(listening: socket.socket, start: Start) -> None:
    """Serves clients, a thread each, for as long as the process lives."""
    idle: queue.SimpleQueue[Environment] = queue.SimpleQueue()
    while True:
        client, _ = listening.accept()
        threading.Thread(target=_serve_client, args=(client, start, idle), daemon=True).start()


def _serve_client(client: socket.socket, start: Start, idle: queue.SimpleQueue[Environment]) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client, client.makefile("rb") as reader:
        while (request := _read_request(reader))[0]:
            cold = b"/cold" in request[0]
            try:
                environment = Environment(start) if cold else idle.get_nowait()
            except queue.Empty:
                environment = Environment(start)
            answer = environment.invoke(request[1])
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            if cold:
                environment.kill()
            else:
                idle.put(environment)


def _read_request(reader: BinaryIO) -> tuple[bytes, bytes]:
    first, length = reader.readline(), 0
    while (line := reader.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return first, reader.read(length)


def _variables(task: str, runtime_api: str) -> Mapping[str, str]:
    return {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": "trivial",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": task,
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        "_HANDLER": "app.handler",
    }


def spawning(task: str, image: str) -> Start:
    """Starts interpreters."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(_BOOTSTRAP), task, image]

    def start(runtime_api: str) -> int:
        process = subprocess.Popen(command, cwd=task, env=_variables(task, runtime_api), stdout=subprocess.DEVNULL)
        return process.pid

    return start


def forking(task: str, image: str) -> Start:
    """Forks a parent that has the client imported. Its own thread-less process, as a fork needs one."""
    parent = subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", str(Path(__file__).with_name("bare_zygote.py")), task, image],
        cwd=task,
        env=_variables(task, ""),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    orders, pids = parent.stdin, parent.stdout
    assert orders is not None
    assert pids is not None
    lock = threading.Lock()

    def start(runtime_api: str) -> int:
        with lock:
            orders.write(f"{runtime_api}\n".encode())
            orders.flush()
            return int(pids.readline())

    return start


def main() -> None:
    """Serves until standard input ends."""
    how, task, image = sys.argv[1:]
    os.setpgid(0, 0)  # its own group, the parent that is forked included: they end together
    start = {"spawn": spawning, "fork": forking}[how](task, image)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listening, start), daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
