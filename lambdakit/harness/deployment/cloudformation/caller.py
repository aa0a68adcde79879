"""Who calls the CloudFormation API: what there is for one account and region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.deployment.cloudformation.change_sets import ChangeSet, ChangeSets
from lambdakit.harness.deployment.cloudformation.refusal import no_such_stack
from lambdakit.harness.deployment.cloudformation.sources import Sources
from lambdakit.harness.deployment.cloudformation.stack_work import StackWork
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.records import dataclass

Input = Mapping[str, Any]
Output = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An account and region, and what operations work with.

    sources: reads templates. work: changes stacks in the background.
    """

    account_id: str
    region: str
    engine: Engine
    sources: Sources
    work: StackWork
    change_sets: ChangeSets

    @property
    def doors(self) -> FrontDoors:
        """By which URLs of AWS become those of this machine."""
        return self.engine.context.doors

    def find(self, name: str) -> DeployedStack | None:
        """The stack with this name or id; None when there is none."""
        stack = self.engine.stacks.find(self.account_id, self.region, name)
        return stack if stack is not None and self.owns(stack) else None

    def stack(self, given: Input) -> DeployedStack:
        """The stack that a call names, be it one that was deleted when its id is given. Refused when there is none."""
        name = str(given["StackName"])
        stack = self.find(name)
        if stack is None:
            stack = next((gone for gone in self.deleted() if gone.stack_id == name), None)
        if stack is None:
            raise no_such_stack(name)
        return stack

    def change_set(self, given: Input) -> ChangeSet:
        """The change set that a call names, by its id or beside its stack."""
        stack = self.stack(given) if given.get("StackName") else None
        return self.change_sets.get(str(given["ChangeSetName"]), stack)

    def stacks(self) -> list[DeployedStack]:
        """All of its stacks, the oldest first."""
        return [stack for stack in self.engine.stacks.all() if self.owns(stack)]

    def deleted(self) -> list[DeployedStack]:
        """Those of its stacks that are gone, which can still be described by their id."""
        return [stack for stack in self.engine.stacks.deleted() if self.owns(stack)]

    def owns(self, stack: DeployedStack) -> bool:
        """Whether a stack is in its account and region."""
        return (stack.account_id, stack.region) == (self.account_id, self.region)
