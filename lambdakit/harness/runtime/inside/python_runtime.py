"""The Python runtime of a forked environment: what is imported before the fork, and how the function is run after it.

A trap: the runtime client's C++ part fixes the Runtime API's address when it is loaded. `runtime_client.py` beside this
file stands in for it, and connects only in the child.
"""

from __future__ import annotations

import os
import site
import sys

import runtime_client  # type: ignore[import-not-found]  # the stand-in; this folder is no package in there


def preload(*, sdk: bool) -> None:
    """Imports the runtime client, and with `sdk` boto3 with its data, so that no child has to."""
    sys.modules["runtime_client"] = runtime_client
    import http.client
    import logging.config
    import traceback

    import awslambdaric.bootstrap
    import awslambdaric.lambda_runtime_client

    # Its module level reads the log format from the environment, which is the function's only after the fork.
    del sys.modules["awslambdaric.bootstrap"], awslambdaric.bootstrap
    del awslambdaric, http, traceback, logging
    # What `-S` left out, and what a function may expect of any interpreter: exit(), help() and the like.
    site.setquit()
    site.setcopyright()
    site.sethelper()
    if sdk:
        import warm_sdk  # type: ignore[import-not-found]

        warm_sdk.warm()


def run(path: list[str]) -> None:
    """Runs the function with `path` as its search path; never returns."""
    sys.path[:] = path
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    for name in ("environment", "kernel", "python_runtime", "warm_sdk", "zygote", "runtime_client"):
        sys.modules.pop(name, None)
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    bootstrap.run(os.environ["_HANDLER"], LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False))
