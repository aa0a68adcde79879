"""Stacks taken away again, or brought back to what they were: resource by resource, the newest first.

What refuses to go is told, and keeps nothing else from going. What is to be kept (`DeletionPolicy: Retain`) stays in
the account, and belongs to nobody from then on.
Source: CloudFormation Template Reference, "DeletionPolicy attribute".
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterable, Sequence
from typing import Final

from lambdakit.errors import Diagnostic
from lambdakit.harness.deployment.deployed import NESTED_STACK, USER_INITIATED, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.final_snapshots import take_snapshot
from lambdakit.harness.deployment.provisioner import Capturing, Created
from lambdakit.harness.deployment.refusals import tried

_DELETING: Final = "DELETE_IN_PROGRESS"


def delete_stack(
    engine: Engine, stack: DeployedStack, *, whatever_keeps_them: bool = False, is_final: bool = True
) -> list[Diagnostic]:
    """Deletes the resources of a stack, last first; what refused stays in it, and is returned.

    whatever_keeps_them: also those that are to be kept, in stacks within it too. is_final: the deletion has failed when
    anything refused, and does not go on.
    """
    problems: list[Diagnostic] = []
    now = engine.context.clock.now
    if stack.status != _DELETING:
        stack.move(now(), _DELETING, USER_INITIATED if stack.parent is None else "")
    for owner, created in reversed(stack.unwanted):
        problems += delete_resource(engine, owner, created)
    stack.unwanted = []
    for child in engine.stacks.nested_in(stack):
        if all(created.provisioned.physical_id != child.stack_id for created in stack.resources.values()):
            # its creation failed, and was not taken back
            problems += delete_stack(engine, child, whatever_keeps_them=whatever_keeps_them)
    for logical_id, created in reversed(list(stack.resources.items())):
        refused = delete_resource(engine, stack, created, whatever_keeps_it=whatever_keeps_them)
        if refused:
            problems += refused
        else:
            del stack.resources[logical_id]
    if problems and is_final:
        names = ", ".join(stack.resources)
        stack.move(now(), "DELETE_FAILED", f"The following resource(s) failed to delete: [{names}]. ")
    elif not problems:
        stack.record.deleted_at = now()
        stack.move(stack.record.deleted_at, "DELETE_COMPLETE")
        engine.stacks.remove(stack)
    return problems


def delete_resource(
    engine: Engine, stack: DeployedStack, created: Created, *, whatever_keeps_it: bool = False
) -> list[Diagnostic]:
    """Deletes one resource, unless it is to be kept; what refused to go.

    whatever_keeps_it: even then, and what a nested stack would keep goes with it.
    """
    started = time.perf_counter()
    resource = created.resource
    problems: list[Diagnostic] = []
    status = "DELETED"
    physical_id = created.provisioned.physical_id
    is_kept = resource.keep_when_deleted and not whatever_keeps_it
    if not is_kept:
        engine.happened(resource, physical_id, "DELETE_IN_PROGRESS")
    if is_kept:
        status = "RETAINED"
        engine.stacks.keep(created)
    elif resource.type == NESTED_STACK:
        child = engine.stacks.find(resource.account_id, resource.region, created.provisioned.physical_id)
        if child is not None:
            problems = [] if whatever_keeps_it else _exports_in_use(engine, child)
            problems = problems or delete_stack(engine, child, whatever_keeps_them=whatever_keeps_it)
    else:
        provisioner = engine.provisioner_of(resource.type)
        assert provisioner is not None

        def delete() -> None:
            if resource.snapshot_when_deleted and not whatever_keeps_it:
                take_snapshot(created, engine.context)
            provisioner.delete(created, engine.context)

        problem = tried(stack, created, "deleted", delete)
        problems = [] if problem is None else [problem]
    reason = "; ".join(problem.problem for problem in problems)
    engine.tell(resource, physical_id, "FAILED" if problems else status, started, attempt="DELETE", reason=reason)
    return problems


def _exports_in_use(engine: Engine, child: DeployedStack) -> list[Diagnostic]:
    """Why a nested stack stays: another stack imports what it exports. The stacks that hold it are no such.

    Source: CloudFormation User Guide, "Get exported outputs from a deployed CloudFormation stack".
    """
    for name in child.exports:
        users = [user.name for user in engine.stacks.importers(child, name) if not _holds(user, child)]
        if users:
            text = f"Export {name} cannot be deleted as it is in use by {', '.join(users)}"
            child.move(engine.context.clock.now(), "DELETE_FAILED", text)
            return [Diagnostic(problem=text, code="LK321", pointer=f"{child.name}: Outputs")]
    return []


def _holds(stack: DeployedStack, nested: DeployedStack | None) -> bool:
    return nested is not None and (nested is stack or _holds(stack, nested.parent))


def capture(engine: Engine, stacks: Iterable[DeployedStack]) -> None:
    """Remembers what the resources hold once their deployment is complete."""
    for stack in stacks:
        for logical_id, created in stack.resources.items():
            provisioner = engine.provisioner_of(created.resource.type)
            if isinstance(provisioner, Capturing):
                held = provisioner.capture(created, engine.context)
                stack.resources[logical_id] = dataclasses.replace(created, captured=held)


def reset_stacks(engine: Engine, stacks: Sequence[DeployedStack]) -> list[Diagnostic]:
    """Resets the resources of `stacks`; what refused is returned.

    The newest first: a function writes its last lines before its log group, which is older, is emptied.
    """
    problems = []
    for stack in stacks:
        for created in reversed(list(stack.resources.values())):
            provisioner = engine.provisioner_of(created.resource.type)
            if provisioner is not None and created.resource.type != NESTED_STACK:
                reset = functools.partial(provisioner.reset, created, engine.context)
                problems.append(tried(stack, created, "reset", reset, code="LK322"))
    return [problem for problem in problems if problem is not None]
