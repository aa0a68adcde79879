"""Whether what the harness needs is installed: the base installation only synthesizes."""

from __future__ import annotations

import importlib.util
import os
from typing import Final

from lambdakit.errors import Diagnostic, HarnessError

_NEEDED: Final = ("boto3", "httpx", "moto", "awslambdaric")


def require_harness_packages() -> None:
    """HarnessError naming the packages that are missing, and on Windows."""
    if os.name == "nt":
        raise HarnessError(
            Diagnostic(
                problem="the harness runs on Linux and macOS, not on Windows",
                code="LK547",
                hint="run it in the Windows Subsystem for Linux",
            )
        )
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        problem = f"the harness needs {', '.join(missing)}, which the base installation leaves out"
        raise HarnessError(Diagnostic(problem=problem, code="LK547", hint='pip install "lambdakit[harness]"'))
