"""The steps by which a stack's change brings one resource to what it is to be, and those that take them back."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Final

from lambdakit.errors import DeploymentError, Diagnostic
from lambdakit.harness.deployment.deployed import NESTED_STACK, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.property_tree import recorded
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Provisioner,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.refusals import Refusals, tried
from lambdakit.harness.deployment.resource_diff import clashing_name, is_custom
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.trace import PropertyRecorded

_TOKEN_IS_FIXED: Final = "Modifying service token is not allowed."

Unwanted = tuple[DeployedStack, Created]


class ResourceSteps:
    """Creates, updates and forgets the resources of one stack.

    provisioner_of: what makes a type, nested stacks included. keeps_retained: see `StackChange`.
    obsolete: what is to be deleted once all is well. changed: whether any step did something.
    """

    def __init__(
        self,
        engine: Engine,
        context: Context,
        stack: DeployedStack,
        *,
        undo: UndoLog,
        refusals: Refusals,
        provisioner_of: Callable[[str], Provisioner],
        keeps_retained: bool,
    ) -> None:
        self._engine = engine
        self._context = context
        self._stack = stack
        self._undo = undo
        self._refusals = refusals
        self._provisioner_of = provisioner_of
        self._keeps_retained = keeps_retained
        self.obsolete: list[Unwanted] = []
        self.changed = False

    def create(self, resource: Resource, there: Created | None) -> None:
        """Creates a resource. there: the one whose place it takes, which is deleted in the end."""
        started = time.perf_counter()
        attempt = "CREATE" if there is None else "UPDATE"
        if there is not None:
            name = clashing_name(there, resource)
            if name is not None:
                problem = self._refusals.custom_name(resource, name)
                self._failed(resource, there, attempt, started)(problem.problem)
                raise DeploymentError(problem)
            resource = dataclasses.replace(resource, generation=self._next_generation(there))
        self._engine.happened(resource, _id(there), f"{attempt}_IN_PROGRESS")
        with self._refusals.told(resource, "created", failed=self._failed(resource, there, attempt, started)):
            self._context.custom_resources.signals.given(resource.type, resource.properties)
            provisioned = self._provisioner_of(resource.type).create(resource, self._context)
        created = Created(resource=resource, provisioned=provisioned)
        self._stack.resources[resource.logical_id] = created
        self._undo.add(functools.partial(self._uncreate, created, there))
        if there is not None:
            self.obsolete.append((self._stack, _as_replaced(there)))
        status = "CREATED" if there is None else "REPLACED"
        self._done(resource, provisioned, status, started)

    def update(self, there: Created, resource: Resource) -> None:
        """Changes a resource in place."""
        started = time.perf_counter()
        self._engine.happened(resource, _id(there), "UPDATE_IN_PROGRESS")
        if is_custom(resource.type) and _token(resource) != _token(there.resource):
            # CloudFormation Template Reference, "AWS::CloudFormation::CustomResource": no updates of ServiceToken.
            problem = self._refusals.refused(resource, "updated", ResourceRefused(_TOKEN_IS_FIXED))
            self._failed(resource, there, "UPDATE", started)(_TOKEN_IS_FIXED)
            raise DeploymentError(problem)
        provisioned = self._updated(there, resource, started)
        if provisioned.physical_id != there.provisioned.physical_id and is_custom(resource.type):
            self.obsolete.append((self._stack, _as_replaced(there)))
        self._done(resource, provisioned, "UPDATED", started)

    def look_into(self, there: Created, resource: Resource) -> None:
        """Lets a nested stack see what differs within it."""
        self._updated(there, resource, time.perf_counter())

    def leave(self, there: Created, resource: Resource) -> None:
        """Keeps a resource as it is, but for what only the stack knows of it."""
        kept = dataclasses.replace(there, resource=dataclasses.replace(resource, properties=there.resource.properties))
        if kept != there:
            self.changed = True
            self._undo.add(functools.partial(self._remember, there))
        self._stack.resources[resource.logical_id] = kept

    def forget(self, created: Created) -> None:
        """Takes a resource out of its stack, to be deleted in the end."""
        self.changed = True
        del self._stack.resources[created.resource.logical_id]
        self.obsolete.append((self._stack, created))
        self._undo.add(functools.partial(self._remember, created))

    def _updated(self, there: Created, resource: Resource, started: float) -> Provisioned:
        with self._refusals.told(resource, "updated", failed=self._failed(resource, there, "UPDATE", started)):
            provisioned = self._provisioner_of(resource.type).update(there, resource, self._context)
        created = Created(resource=resource, provisioned=provisioned, status="UPDATE_COMPLETE")
        self._stack.resources[resource.logical_id] = created
        self._undo.add(functools.partial(self._unupdate, created, there))
        return provisioned

    def _done(self, resource: Resource, provisioned: Provisioned, status: str, started: float) -> None:
        self.changed = True
        self._engine.tell(resource, provisioned.physical_id, status, started)
        pointer = f"Resources.{resource.logical_id}.Properties"
        for place in recorded(self._provisioner_of(resource.type).properties, resource.properties, pointer):
            self._engine.trace.append(
                PropertyRecorded(
                    stack=resource.stack, logical_id=resource.logical_id, type=resource.type, pointer=place
                )
            )

    def _failed(self, resource: Resource, there: Created | None, attempt: str, started: float) -> Callable[[str], None]:
        def told(reason: str) -> None:
            self._engine.tell(resource, _id(there), "FAILED", started, attempt=attempt, reason=reason)
            if there is not None and is_custom(resource.type) and _token(resource) == _token(there.resource):
                # CloudFormation asks the function that failed to update for what was before.
                attempted = Created(resource=resource, provisioned=there.provisioned)
                self._undo.add(functools.partial(self._unupdate, attempted, there))
                return
            # What failed has taken itself back; CloudFormation says so when it comes to it.
            status = "DELETE_COMPLETE" if there is None else "UPDATE_COMPLETE"
            self._undo.add(lambda: self._engine.happened(resource, _id(there), status))

        return told

    def _uncreate(self, created: Created, before: Created | None) -> Diagnostic | None:
        started = time.perf_counter()
        resource, stacks = created.resource, self._engine.stacks
        problem = None
        status = "DELETED"
        if resource.keep_when_taken_back and self._keeps_retained and before is None:
            status = "RETAINED"
            stacks.keep(created)
        elif resource.type != NESTED_STACK:  # whose own steps are taken back one by one
            provisioner = self._provisioner_of(resource.type)
            self._engine.happened(resource, created.provisioned.physical_id, "DELETE_IN_PROGRESS")
            problem = tried(self._stack, created, "deleted", lambda: provisioner.delete(created, self._context))
        if problem is not None:
            status = "FAILED"
            stacks.keep(created)
        if before is not None:
            self._stack.resources[resource.logical_id] = before
        elif problem is None:
            self._stack.resources.pop(resource.logical_id, None)
        reason = "" if problem is None else problem.problem
        self._engine.tell(resource, created.provisioned.physical_id, status, started, attempt="DELETE", reason=reason)
        if before is not None:
            self._engine.happened(before.resource, _id(before), "UPDATE_COMPLETE")
        return problem

    def _unupdate(self, created: Created, before: Created) -> Diagnostic | None:
        resource = before.resource
        self._stack.resources[resource.logical_id] = before
        if resource.type == NESTED_STACK:  # whose own steps are taken back one by one
            self._engine.happened(resource, _id(before), "UPDATE_COMPLETE")
            return None
        provisioner = self._provisioner_of(resource.type)

        def back() -> None:
            # What is taken back is not moved step by step again: whether CloudFormation does, no page says.
            plain = dataclasses.replace(resource, update_policy={})
            provisioned = provisioner.update(created, plain, self._context)
            self._stack.resources[resource.logical_id] = dataclasses.replace(before, provisioned=provisioned)
            if is_custom(resource.type) and provisioned.physical_id != created.provisioned.physical_id:
                provisioner.delete(created, self._context)

        self._engine.happened(resource, _id(before), "UPDATE_IN_PROGRESS")
        problem = tried(self._stack, created, "taken back", back)
        status = "UPDATE_COMPLETE" if problem is None else "UPDATE_FAILED"
        self._engine.happened(resource, _id(before), status, "" if problem is None else problem.problem)
        return problem

    def _remember(self, created: Created) -> None:
        self._stack.resources[created.resource.logical_id] = created

    def _next_generation(self, there: Created) -> int:
        kept = self._engine.stacks.generation(self._stack)
        return max(there.resource.generation + 1, kept)


def _as_replaced(created: Created) -> Created:
    """What is deleted because another one took its place goes by another policy."""
    resource = dataclasses.replace(
        created.resource,
        keep_when_deleted=created.resource.keep_when_replaced,
        snapshot_when_deleted=created.resource.snapshot_when_replaced,
    )
    return dataclasses.replace(created, resource=resource)


def _token(resource: Resource) -> object:
    return resource.properties.get("ServiceToken")


def _id(created: Created | None) -> str:
    return "" if created is None else created.provisioned.physical_id
