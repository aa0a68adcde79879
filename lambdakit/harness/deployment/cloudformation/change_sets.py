"""Change sets: a change to a stack that is looked at first, and carried out afterwards.

Source: CloudFormation User Guide, "Update stacks using change sets"; AWS CloudFormation API Reference,
"DescribeChangeSet".
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.harness.deployment.cloudformation.parameters import parameter_list
from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.stack_source import StackSource

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(slots=True, kw_only=True, eq=False)
class ChangeSet:
    """One change set.

    kind: CREATE or UPDATE. version: the stack's when it was made. on_failure: ROLLBACK, DELETE or DO_NOTHING.
    settings: what the call says of the stack besides its template. parameters: as it would resolve them.
    processed: its template with the transforms carried out. token: of the call that made it.
    """

    name: str
    stack: DeployedStack
    source: StackSource
    kind: str
    created_at: datetime
    changes: Sequence[dict[str, Any]]
    has_changes: bool
    version: int
    parameters: Mapping[str, ParameterValue]
    processed: Mapping[str, Any]
    token: str = ""
    description: str = ""
    on_failure: str = "ROLLBACK"
    capabilities: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default="")

    def __post_init__(self) -> None:
        stack = self.stack
        place = f"arn:{partition_of(stack.region)}:cloudformation:{stack.region}:{stack.account_id}"
        self.id = f"{place}:changeSet/{self.name}/{uuid.uuid4()}"

    @property
    def execution_status(self) -> str:
        """Whether it can be carried out: not when the stack was changed since."""
        if not self.has_changes:
            return "UNAVAILABLE"
        return "AVAILABLE" if self.stack.record.version == self.version else "OBSOLETE"

    @property
    def status(self) -> str:
        """Whether it can be looked at and carried out."""
        return "CREATE_COMPLETE" if self.has_changes else "FAILED"

    def describe(self) -> dict[str, Any]:
        """What `DescribeChangeSet` says."""
        return {
            **self.summary(),
            "Parameters": parameter_list(self.source.template, self.source.given, self.parameters),
            "NotificationARNs": list(self.settings.get("NotificationARNs") or ()),
            "RollbackConfiguration": self.settings.get("RollbackConfiguration") or {},
            "Capabilities": list(self.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in self.source.tags.items()],
            "Changes": list(self.changes),
        }

    def summary(self) -> dict[str, Any]:
        """What `ListChangeSets` says."""
        return {
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "ExecutionStatus": self.execution_status,
            "Status": self.status,
            "StatusReason": None if self.has_changes else NO_CHANGES,
            "CreationTime": self.created_at,
            "Description": self.description or None,
            "IncludeNestedStacks": False,
        }


class ChangeSets:
    """All change sets, until they are carried out or deleted."""

    def __init__(self) -> None:
        self._sets: list[ChangeSet] = []
        self._lock = threading.Lock()

    def add(self, change_set: ChangeSet) -> None:
        """Keeps one. AlreadyExistsException when the stack has one of that name."""
        with self._lock:
            self.refuse_taken_name(change_set.name, change_set.stack)
            self._sets.append(change_set)

    def refuse_taken_name(self, name: str, stack: DeployedStack) -> None:
        """AlreadyExistsException when the stack has a change set of that name."""
        if self.find(name, stack) is not None:
            raise Refused("AlreadyExistsException", f"ChangeSet {name} cannot be created due to a name clash")

    def get(self, name: str, stack: DeployedStack | None) -> ChangeSet:
        """The one with this name or id. ChangeSetNotFound when there is none. stack: None when an id is given."""
        found = self.find(name, stack)
        if found is None:
            raise Refused("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
        return found

    def of(self, stack: DeployedStack) -> Sequence[ChangeSet]:
        """All of a stack, the oldest first."""
        return [change_set for change_set in self._sets if change_set.stack is stack]

    def remove(self, change_set: ChangeSet) -> None:
        """Forgets one."""
        with self._lock:
            self._sets.remove(change_set)

    def forget_stack(self, stack: DeployedStack) -> None:
        """Forgets all of a stack, when it is deleted or changed."""
        with self._lock:
            self._sets = [change_set for change_set in self._sets if change_set.stack is not stack]

    def find(self, name: str, stack: DeployedStack | None) -> ChangeSet | None:
        """The one with this name or id; None when there is none."""
        for change_set in self._sets:
            if stack in (None, change_set.stack) and name in (change_set.id, change_set.name if stack else ""):
                return change_set
        return None
