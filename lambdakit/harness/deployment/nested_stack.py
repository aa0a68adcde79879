"""`AWS::CloudFormation::Stack`: a stack within a stack, with a template, parameters and outputs of its own.

Source: CloudFormation Template Reference, "AWS::CloudFormation::Stack".
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from lambdakit.assembly.parameters import ParameterValue, resolve_parameters
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.stack_source import StackSource, note_source
from lambdakit.harness.deployment.stack_tags import tags_by_key
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.harness.deployment.values import AccountValues

ChangeStack = Callable[[StackSource, DeployedStack, Mapping[str, ParameterValue]], None]

_NAME_LENGTH_MAX = 128


class NestedStack:
    """Provisions nested stacks as part of the change of the stack that holds them.

    source, stack: of the one that holds them. undo: takes the steps of the change back. change: changes a stack.
    Their deletion is `removal.delete_stack`'s.
    """

    properties: ClassVar[PropertyTree] = {
        "Description": RECORDED,
        "NotificationARNs": READ,
        "Parameters": READ,
        "StackName": RECORDED,
        "StackPolicyBody": RECORDED,
        "StackPolicyURL": RECORDED,
        "Tags": READ,
        "TemplateBody": RECORDED,
        "TemplateURL": READ,
        "TimeoutInMinutes": RECORDED,
    }

    def __init__(
        self, engine: Engine, source: StackSource, stack: DeployedStack, *, undo: UndoLog, change: ChangeStack
    ) -> None:
        self._engine = engine
        self._source = source
        self._stack = stack
        self._undo = undo
        self._change = change

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stack; what it made before it failed is undone with everything else."""
        name = resource.generated_name(length_max=_NAME_LENGTH_MAX)
        stacks = self._engine.stacks
        left = stacks.find(resource.account_id, resource.region, name)
        if left is not None and left.parent is self._stack:  # by a creation that failed and was not taken back
            return self._run(left, resource, context, "UPDATE")
        child = DeployedStack(
            name=name,
            stack_id=stacks.new_id(resource.account_id, resource.region, name),
            account_id=resource.account_id,
            region=resource.region,
            parent=self._stack,
        )
        stacks.add(child)
        self._undo.add(lambda: stacks.remove(child))
        return self._run(child, resource, context, "CREATE")

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Brings the stack to the new template or parameters."""
        child = self._engine.stacks.find(resource.account_id, resource.region, created.provisioned.physical_id)
        if child is None:
            raise ResourceRefused(f"Stack [{created.provisioned.physical_id}] does not exist")
        return self._run(child, resource, context, "UPDATE")

    def delete(self, created: Created, context: Context) -> None:
        """Its resources are deleted by whoever deletes the stack that holds it."""

    def reset(self, created: Created, context: Context) -> None:
        """The stack's resources are reset themselves."""

    def _run(self, child: DeployedStack, resource: Resource, context: Context, what: str) -> Provisioned:
        template = self._source.nested_template(
            str(resource.properties["TemplateURL"]),
            self._source.template.place(f"Resources.{resource.logical_id}.Properties.TemplateURL"),
        )
        given = {name: _text(value) for name, value in (resource.properties.get("Parameters") or {}).items()}
        tags = tags_by_key(resource.properties.get("Tags"))
        source = dataclasses.replace(
            self._source,
            name=child.name,
            template=template,
            given=given,
            text="",
            tags=tags,
            notification_arns=[str(arn) for arn in resource.properties.get("NotificationARNs") or ()],
        )
        values = AccountValues(context.account, account_id=child.account_id, region=child.region)
        parameters = resolve_parameters(template, given, ssm=values.parameter)
        self._undo.add(functools.partial(self._taken_back, child, what))
        back = note_source(child, source, context.clock.now())
        child.begin(context.clock.now(), f"{what}_IN_PROGRESS")
        if what == "UPDATE":
            self._undo.add(back)
        self._change(source, child, parameters)
        child.settle(context.clock.now(), f"{what}_COMPLETE")
        outputs = {f"Outputs.{name}": value for name, value in child.outputs.items()}
        return Provisioned(physical_id=child.stack_id, attributes=outputs)

    def _taken_back(self, child: DeployedStack, what: str) -> None:
        rollback = "ROLLBACK" if what == "CREATE" else "UPDATE_ROLLBACK"
        child.move(self._engine.context.clock.now(), f"{rollback}_COMPLETE")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
