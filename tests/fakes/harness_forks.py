"""Harnesses forked from one process that has loaded everything: each is as new as one that was started, and sooner.

`HarnessForks` starts that process and says, by an environment variable, where it listens. A program run with
`FORK_COMMAND` is what `python -m lambdakit.harness` is to its caller: it hands its environment, its directory and its
standard streams over, and ends with the harness's exit code. Its process id is not the harness's.
Tests of the process itself go without, by `processes_of_their_own`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from lambdakit import Harness

VARIABLE: Final = "LAMBDAKIT_TESTS_FORKS"
FORK_COMMAND: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("harness_fork.py")))
# What a harness loads when something is deployed or asked of a service. Not Step Functions: of what the harness
# changes there, modules that are loaded behind it have names of their own.
_SERVICES: Final = (
    *("apigateway", "apigatewayv2", "cloudwatch", "cognitoidp", "dynamodb", "dynamodbstreams", "ec2", "events"),
    *("firehose", "iam", "kinesis", "kms", "logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm"),
    "sts",
)
_MODULES: Final = (
    *(f"moto.{service}.urls" for service in _SERVICES),
    *("antlr4", "flask_cors", "jsonpath_ng.ext", "moto.iam.access_control", "moto.moto_server.werkzeug_app"),
    "lambdakit.harness.deployment.registry",
    "lambdakit.harness.server",
)
# Whose models are read for a harness's first requests, by moto and by its own clients.
_MODELS: Final = (
    *("apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "dynamodb", "dynamodbstreams", "ec2", "events"),
    *("firehose", "iam", "kinesis", "kms", "lambda", "logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm"),
    "sts",
)
_REQUEST_BYTES: Final = 1 << 20


class HarnessForks:
    """The process from which harnesses are forked; a context manager.

    available: whether this machine can; without it, whoever looks at the variable starts a process.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="lambdakit-forks-")
        self._path = str(Path(self._directory.name) / "socket")
        self._process: subprocess.Popen[bytes] | None = None
        self.available = hasattr(os, "pidfd_open")

    def __enter__(self) -> Self:
        if self.available:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with listener:
                # Who comes before everything is loaded waits in the listener's queue.
                listener.bind(self._path)
                listener.listen(64)
                self._process = subprocess.Popen(
                    [sys.executable, "-P", str(Path(__file__)), str(listener.fileno())],
                    stdin=subprocess.PIPE,
                    pass_fds=[listener.fileno()],
                )
            os.environ[VARIABLE] = self._path
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.environ.pop(VARIABLE, None)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
        self._directory.cleanup()


def forked_harness(**options: Any) -> Harness:
    """The session's harness with these options: a fork where there are forks, else a process of its own."""
    from lambdakit import Harness

    return Harness(_command=FORK_COMMAND, **options) if VARIABLE in os.environ else Harness(**options)


@contextlib.contextmanager
def processes_of_their_own() -> Iterator[None]:
    """In here, a harness is a process that was started for it."""
    path = os.environ.pop(VARIABLE, None)
    try:
        yield
    finally:
        if path is not None:
            os.environ[VARIABLE] = path


def fork_harnesses(listener: socket.socket) -> None:
    """Forks a harness for each connection, and tells each how its harness ended. Returns when the input ends."""
    # Only here: whoever asks for a fork needs none of it.
    if "LAMBDAKIT_TESTS_PAUSES" in os.environ:
        sys.path.append(str(Path(__file__).parents[2]))  # a script's own folders are not looked into here
        from tests.fakes.pauses import put_pauses

        put_pauses()
    from lambdakit.harness.moto_state.mended import mend_moto
    from lambdakit.harness.moto_state.time import follow_clock

    follow_clock(timedelta)  # until a harness brings its clock
    mend_moto()
    for module in _MODULES:
        importlib.import_module(module)
    _read_models()
    gc.collect()
    gc.freeze()  # so that no collection in a harness touches, and thereby copies, what all of them share
    with selectors.DefaultSelector() as waiting:
        waiting.register(sys.stdin.fileno(), selectors.EVENT_READ)
        waiting.register(listener, selectors.EVENT_READ)
        running: dict[int, tuple[int, socket.socket]] = {}
        while True:
            for key, _ in waiting.select():
                if key.fd == sys.stdin.fileno():
                    return
                if key.fd == listener.fileno():
                    connection, _ = listener.accept()
                    pid = _fork(connection)
                    ended = os.pidfd_open(pid)
                    running[ended] = (pid, connection)
                    waiting.register(ended, selectors.EVENT_READ)
                else:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
                    _tell_end(*running.pop(key.fd))


def _read_models() -> None:
    from moto.core.utils import get_service_model

    from lambdakit.harness.account import service_models
    from lambdakit.harness.lambda_service.api_model import shared_model

    models = service_models()
    for service in _MODELS:
        get_service_model(service)
        for kind in ("service-2", "endpoint-rule-set-1"):
            models.load_service_model(service, kind)
    for data in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        models.load_data(data)
    shared_model().error_shapes()


def _fork(connection: socket.socket) -> int:
    """The process id of a harness with what the other end of `connection` handed over."""
    text, streams, _, _ = socket.recv_fds(connection, _REQUEST_BYTES, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(_REQUEST_BYTES)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = _run(json.loads(text), streams)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    for stream in streams:
        os.close(stream)
    return pid


def _run(caller: Mapping[str, Any], streams: list[int]) -> int:
    """What `python -m lambdakit.harness` does, once everything is loaded."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ |= caller["environment"]
    os.chdir(caller["directory"])
    from moto.moto_api._internal import mock_random

    from lambdakit.harness.__main__ import main

    for generator in (random, mock_random):
        generator.seed()
    return main()


def _tell_end(pid: int, connection: socket.socket) -> None:
    _, status = os.waitpid(pid, 0)
    with connection, contextlib.suppress(OSError):  # nobody may be left to hear it
        connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    fork_harnesses(socket.socket(fileno=int(sys.argv[1])))
