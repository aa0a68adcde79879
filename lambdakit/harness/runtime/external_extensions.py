"""The external extensions that layers bring, and how one of them is lost.

Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions".
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from lambdakit.harness.runtime.faults import signal_text
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LostExtension:
    """An external extension that ended, or could not be started.

    reason: in the platform's words. launch_error: how the log calls what kept it from starting; None when it had
    started.
    """

    name: str
    reason: str
    launch_error: str | None = None


def names_in(layers: Sequence[Path]) -> list[str]:
    """The files in the layers' `extensions` folders, by name. Folders beside them hold what an extension needs.

    One that cannot be executed counts as well: on AWS it fails the init phase.
    Source: aws-samples/aws-lambda-extensions, issue 38 (a file without the permission to be executed).
    """
    return sorted({path.name for layer in layers for path in (layer / "extensions").glob("*") if path.is_file()})


def ended(name: str, exit_code: int) -> LostExtension:
    """One that ended. exit_code: as `subprocess` counts it, negative for a signal.

    Source for the text of 0: DataDog/datadog-lambda-extension, issue 263; the others are those of a runtime that exits.
    """
    if exit_code == 0:
        reason = "exit code 0"
    elif exit_code > 0:
        reason = f"exit status {exit_code}"
    else:
        reason = f"signal: {signal_text(-exit_code)}"
    return LostExtension(name=name, reason=reason)


def not_started(name: str, number: int) -> LostExtension:
    """One that the kernel does not execute. number: of the error.

    Source: aws-samples/aws-lambda-extensions, issues 38 and 54, and elastic/apm-aws-lambda, issue 92.
    """
    return LostExtension(
        name=name,
        reason=f"fork/exec /opt/extensions/{name}: {os.strerror(number).lower()}",
        launch_error="PermissionDenied" if number in (errno.EPERM, errno.EACCES) else "UnknownError",
    )
