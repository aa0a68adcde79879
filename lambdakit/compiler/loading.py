"""The CDK's two halves, loaded at the same time: Python's modules here, JavaScript's in Node.js.

In: an empty process. Out: one that has what every synthesis needs, some 300 modules on either side.

The thread `lambdakit-node` talks to Node.js, and waits for it most of the time; this one imports modules meanwhile.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

logger = logging.getLogger("lambdakit.compiler")


def load(directory: Path, *, validation: bool) -> None:
    """Returns when both halves are there. ImportError when the CDK is not installed.

    directory: for what is written on the way; it must not exist.
    validation: whether what validates templates is loaded as well, which takes Node.js a second or two.
    """
    with _taking_turns():
        node = threading.Thread(
            target=_load_javascript, args=(directory, validation), name="lambdakit-node", daemon=True
        )
        node.start()
        try:
            # First what needs nothing of the CDK, as Node.js has yet to start.
            importlib.import_module("lambdakit.spec.document")
            # Made here, as the first document would have to wait for it.
            importlib.import_module("lambdakit.spec.application").Application.model_rebuild()
            importlib.import_module("lambdakit.compiler.compile")
        finally:
            node.join()


def _load_javascript(directory: Path, validation: bool) -> None:
    """Has Node.js load what any application takes, by synthesizing the least of them: one function."""
    try:
        from aws_cdk import App, Stack

        code = directory / "code"
        code.mkdir(parents=True)
        (code / "app.py").touch()
        app = App(
            outdir=str(directory),
            analytics_reporting=False,
            stack_traces=False,
            builtin_cloud_formation_validation=validation,
            auto_synth=False,
        )
        stack = Stack(app, "loading")

        # Not before: they take as long here as the application there.
        from aws_cdk import aws_iam, aws_lambda, aws_logs

        role = aws_iam.Role(stack, "role", assumed_by=aws_iam.ServicePrincipal("lambda.amazonaws.com"))
        aws_logs.LogGroup(stack, "log-group").grant_write(role)
        function = aws_lambda.Function(
            stack,
            "function",
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            handler="app.handler",
            code=aws_lambda.Code.from_asset(str(code)),
            role=role,
        )
        function.add_alias("live")
        app.synth()
    except Exception:
        # The thread's boundary. What is wrong will be wrong again, and is reported, with the first request.
        logger.warning("loading failed", exc_info=True)


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Within, threads may ask Node.js at the same time, and one waits for the other.

    The bridge sends a question and takes the next answer for its own, without a lock.
    Source: jsii 1.x for Python, `_NodeProcess.send` of jsii/_kernel/providers/process.py.
    """
    # Before the threads part, so that nothing holds up the start of Node.js.
    kernel = importlib.import_module("jsii").kernel
    provider = kernel.provider
    kernel.provider = _OneAtATime(provider)
    try:
        yield
    finally:
        kernel.provider = provider


class _OneAtATime:
    """The same provider of answers, whose methods let one thread in at a time."""

    def __init__(self, provider: object) -> None:
        self._provider = provider
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._provider, name)

        def ask(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return method(*arguments, **named)

        return ask
