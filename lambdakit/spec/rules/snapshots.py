"""A function that starts from a snapshot is one that Lambda can take a snapshot of.

Source: AWS Lambda Developer Guide, "Improving startup performance with Lambda SnapStart", "Supported features and
limitations".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit import limits
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext
from lambdakit.spec.runtimes import has_snapshots

_CODE: Final = "LK177"
_SINCE: Final = "Python 3.12, Java 11 and .NET 8"


def snapshots(context: RuleContext) -> Iterator[Finding]:
    """A finding for each function that cannot start from a snapshot, at where snap_start is said."""
    for function in context.functions:
        if function.settings.snap_start and context.knows(function, "snap_start"):
            for problem, hint in _problems(context, function):
                yield Finding(code=_CODE, pointer=_place(function), problem=problem, hint=hint)


def _place(function: PlacedFunction) -> Pointer:
    is_own = "snap_start" in function.written.model_fields_set
    return (*function.pointer, "snap_start") if is_own else ("defaults", "snap_start")


def _problems(context: RuleContext, function: PlacedFunction) -> Iterator[tuple[str, str]]:
    settings = function.settings
    leave = f"write snap_start: false for {function.name}"
    if not has_snapshots(settings.runtime) and context.knows(function, "runtime"):
        problem = f"{settings.runtime}, the runtime of {function.name}, has no snapshots, which {_SINCE} and later have"
        yield problem, leave
    provisioned = settings.alias.provisioned_concurrent_executions, settings.alias.provisioned_scaling
    if provisioned != (None, None) and context.knows(function, "alias"):
        yield f"{function.name} has provisioned concurrency, which snapshots do not go with", leave
    if function.written.filesystem is not None:
        yield f"{function.name} has a file system, which snapshots do not go with", leave
    size = settings.ephemeral_storage_size
    if size > limits.EPHEMERAL_STORAGE_MIB_DEFAULT and context.knows(function, "ephemeral_storage_size"):
        most = limits.EPHEMERAL_STORAGE_MIB_DEFAULT
        yield f"{function.name} has {size} MiB of /tmp, and snapshots go with {most} MiB at most", leave
