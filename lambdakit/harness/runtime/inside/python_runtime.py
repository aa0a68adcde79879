"""The Python runtime of a forked environment: what is imported before the fork, and how the function is run after it.

A trap: the runtime client's C++ part fixes the Runtime API's address when it is loaded. `runtime_client.py` beside this
file stands in for it, and connects only in the child.
"""

from __future__ import annotations

import atexit
import os
import signal
import site
import sys
import threading
import time
import types
from typing import Any

import api_hosts  # type: ignore[import-not-found]  # this folder is no package in there
import runtime_client  # type: ignore[import-not-found]  # the stand-in; this folder is no package in there


def preload(*, sdk: bool) -> None:
    """Imports the runtime client, and with `sdk` boto3 with its data, so that no child has to."""
    sys.modules["runtime_client"] = runtime_client
    import http.client
    import logging.config
    import traceback

    import awslambdaric.bootstrap
    import awslambdaric.lambda_literals
    import awslambdaric.lambda_runtime_client

    specification = awslambdaric.bootstrap.__spec__
    specification.loader_state = specification.loader.get_code(specification.name)
    del awslambdaric, http, traceback, logging, specification
    # What `-S` left out, and what a function may expect of any interpreter: exit(), help() and the like.
    site.setquit()
    site.setcopyright()
    site.sethelper()
    if sdk:
        import warm_sdk  # type: ignore[import-not-found]

        warm_sdk.warm()


def run(path: list[str]) -> None:
    """Runs the function with `path` as its search path; never returns."""
    if "warm_sdk" in sys.modules:
        sys.modules["warm_sdk"].forget_session()
    time.tzset()  # an interpreter that starts reads TZ; this one has started before the function's was known
    sys.path[:] = path
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    api_hosts.lead()
    # A process that `multiprocessing` spawns would run the zygote's file again, which it cannot see.
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.modules.pop("__mp_main__", None)
    own = (
        "api_hosts",
        "environment",
        "kernel",
        "lasting_objects",
        "memory_gaps",
        "namespace_network",
        "process_limit",
        "python_runtime",
        "warm_sdk",
        "zygote",
        "runtime_client",
    )
    for name in own:
        sys.modules.pop(name, None)
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
    from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

    _run_again(bootstrap)
    # Whether text is escaped follows from the function's runtime, which the one made before the fork did not know.
    LambdaRuntimeClient.marshaller = LambdaMarshaller()
    log = _LogChannel(os.dup(1))
    bootstrap.StandardLogSink.log = log.write
    bootstrap.StandardLogSink.log_error = log.write_error
    try:
        bootstrap.run(os.environ["_HANDLER"], LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False))
    except BaseException as error:
        _end_interpreter(error)


def _run_again(module: Any) -> None:
    """Runs a module's level, which read the environment before that was the function's; its code is in memory."""
    code, module.__spec__.loader_state = module.__spec__.loader_state, None
    exec(code, vars(module))


class _LogChannel:
    """Takes what the function logs, wherever it leads or closes its standard output, each message as one line.

    Carriage returns in it the harness reads as line breaks. AWS has a channel of its own for such messages, each of
    which is one log event. Source: `FramedTelemetryLogSink` in `bootstrap.py` of
    aws/aws-lambda-python-runtime-interface-client.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # Tells it from what the function itself prints, which Lambda filters: `application_log.RUNTIME_MARK`.
        self._mark = "\x1e\x00" if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON" else ""

    def write(self, message: str, frame_type: bytes | None = None) -> None:
        left = (self._mark + message.rstrip("\n").replace("\n", "\r") + "\n").encode("utf-8")
        while left:
            left = left[os.write(self._descriptor, left) :]

    def write_error(self, lines: list[str]) -> None:
        self.write("\n".join(lines))


def _end_interpreter(error: BaseException) -> None:
    """Ends the process as an interpreter ends whose main module raised `error`; never returns.

    It says why, waits for its threads, and runs what was to run at its exit.
    Source: Python documentation, "sys.exit" and "atexit".
    """
    code = 1
    if not isinstance(error, SystemExit):
        own_frame = error.__traceback__
        error.__traceback__ = own_frame and own_frame.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
    elif error.code is None or isinstance(error.code, int):
        code = error.code or 0
    else:
        sys.stderr.write(f"{error.code}\n")
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # what an interpreter calls itself at its end
        atexit._run_exitfuncs()
    finally:
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(code & 0xFF)
