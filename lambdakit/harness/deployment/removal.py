"""Stacks taken away again, or brought back to what they were: resource by resource, the newest first.

What refuses to go is told, and keeps nothing else from going.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from lambdakit.errors import Diagnostic
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioner, ResourceRefused
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.runtime.package_files import InvalidPackage
from lambdakit.trace import ResourceChanged, TraceLog

REFUSALS = (ResourceRefused, ClientError, BotoCoreError, ServiceFault, InvalidPackage)
"""What a provisioner raises when a service would not do what is asked."""


def delete_stacks(
    stacks: Sequence[DeployedStack], context: Context, provisioners: Mapping[str, Provisioner], trace: TraceLog
) -> list[Diagnostic]:
    """Deletes the resources of `stacks`, last first; what refused stays in its stack, and is returned."""
    problems: list[Diagnostic] = []
    for stack in reversed(stacks):
        for logical_id, created in reversed(list(stack.resources.items())):
            started = time.perf_counter()
            delete = functools.partial(provisioners[created.resource.type].delete, created, context)
            problem = _tried(stack, created, "deleted", "LK321", delete)
            if problem is None:
                del stack.resources[logical_id]
            else:
                problems.append(problem)
            trace.append(
                ResourceChanged(
                    stack=stack.name,
                    logical_id=logical_id,
                    type=created.resource.type,
                    physical_id=created.provisioned.physical_id,
                    status="DELETED" if problem is None else "FAILED",
                    duration_ms=(time.perf_counter() - started) * 1000,
                )
            )
    return problems


def reset_stacks(
    stacks: Iterable[DeployedStack], context: Context, provisioners: Mapping[str, Provisioner]
) -> list[Diagnostic]:
    """Resets the resources of `stacks`; what refused is returned.

    The newest first: a function writes its last lines before its log group, which is older, is emptied.
    """
    problems = []
    for stack in stacks:
        for created in reversed(list(stack.resources.values())):
            reset = functools.partial(provisioners[created.resource.type].reset, created, context)
            problems.append(_tried(stack, created, "reset", "LK322", reset))
    return [problem for problem in problems if problem is not None]


def _tried(
    stack: DeployedStack, created: Created, what: str, code: str, change: Callable[[], None]
) -> Diagnostic | None:
    try:
        change()
    except REFUSALS as refusal:
        return Diagnostic(
            problem=f"{created.resource.type} could not be {what}: {refusal}",
            code=code,
            pointer=f"{stack.name}: Resources.{created.resource.logical_id}",
        )
    return None
