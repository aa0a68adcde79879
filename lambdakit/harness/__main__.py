"""The harness's process: options as a line of JSON on standard input, its port as a line on standard output.

It ends when standard input does, so that it never outlives the process that started it, or on SIGTERM.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import signal
import sys
import threading
from typing import Final

from lambdakit.errors import Diagnostic, HarnessError, LambdakitError, error_to_wire
from lambdakit.harness.options import Options, read_options

_STOP: Final = bytes([signal.SIGTERM])


def main() -> int:
    """Runs a harness until told to stop; the exit code."""
    # 1,500 modules come, and stay: looking through them for garbage takes a tenth of the start.
    gc.disable()
    logging.basicConfig(level=os.environ.get("LAMBDAKIT_LOG_LEVEL", "WARNING"), stream=sys.stderr)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    # What boto3 would look at without being told: nothing of this machine may reach a request.
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not break the protocol
    try:
        options = _read_options()
        from lambdakit.harness.server import Server

        _raise_descriptor_limit()  # before there are processes, which keep the one they were started with
        server = Server(options)
    except LambdakitError as error:
        print(json.dumps(error_to_wire(error)), file=answer, flush=True)
        return 1
    stopped, stop = os.pipe()
    os.set_blocking(stop, False)
    # Written where the signal arrives. A handler runs between two instructions of this thread: for a signal that comes
    # right before it begins to wait, whatever it waits for, only when that is over.
    signal.set_wakeup_fd(stop)
    signal.signal(signal.SIGTERM, lambda *_: None)
    threading.Thread(target=_stop_at_end_of_input, args=(stop,), name="parent-watch", daemon=True).start()
    print(json.dumps({"ready": True, "port": server.port}), file=answer, flush=True)
    gc.freeze()
    gc.enable()
    while os.read(stopped, 1) != _STOP:
        continue
    server.close()
    logging.shutdown()
    os._exit(0)  # taking moto's modules apart would add 0.3 s


def _raise_descriptor_limit() -> None:
    """An execution environment takes nine descriptors here; functions themselves get AWS's limit."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _read_options() -> Options:
    try:
        wire = json.loads(sys.stdin.buffer.readline())
    except ValueError as error:
        raise HarnessError(Diagnostic(problem=f"the options are not JSON: {error}", code="LK502")) from None
    if not isinstance(wire, dict):
        raise HarnessError(Diagnostic(problem="the options are not an object", code="LK502"))
    return read_options(wire)


def _stop_at_end_of_input(stop: int) -> None:
    while sys.stdin.buffer.read(4096):
        continue
    os.write(stop, _STOP)


if __name__ == "__main__":
    sys.exit(main())
