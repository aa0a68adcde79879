"""One stack brought to what its template says, be it new or there already.

parameters -> conditions -> order -> per resource: resolve, compare, create / update / replace -> outputs and exports
afterwards: what is no longer wanted goes, or when it failed, everything is taken back
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambdakit.assembly.dependency_graph import deployment_order
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.same_value import same
from lambdakit.errors import DeploymentError
from lambdakit.harness.deployment.deployed import NESTED_STACK, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.existing.absent import absent_hint
from lambdakit.harness.deployment.existing.surroundings import bring_surroundings
from lambdakit.harness.deployment.final_snapshots import default_deletion_policy
from lambdakit.harness.deployment.nested_stack import NestedStack
from lambdakit.harness.deployment.property_tree import unread
from lambdakit.harness.deployment.provisioner import Created, Provisioner, Resource
from lambdakit.harness.deployment.refusals import Refusals
from lambdakit.harness.deployment.resource_diff import Change, change_of
from lambdakit.harness.deployment.resource_steps import ResourceSteps, Unwanted
from lambdakit.harness.deployment.scope import StackScope, UnknownValue
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.deployment.stack_tags import with_stack_tags
from lambdakit.harness.deployment.undo import UndoLog

# Their packages are unpacked from the assembly itself.
_READ_FROM_ASSEMBLY = frozenset({"AWS::Lambda::Function", "AWS::Lambda::LayerVersion", NESTED_STACK})


class StackChange:
    """Changes one stack.

    undo: learns how to take back each step. obsolete: learns what is no longer wanted, to be deleted once all is well.
    left_out: logical ids that are not created, because `unsupported="warn"` lets them go.
    stopped: whether to go no further, asked before each resource.
    keeps_retained: what its `DeletionPolicy` retains stays when the creation is taken back, as on AWS.
    """

    def __init__(
        self,
        engine: Engine,
        source: StackSource,
        stack: DeployedStack,
        *,
        parameters: Mapping[str, ParameterValue],
        undo: UndoLog,
        obsolete: list[Unwanted],
        left_out: frozenset[str] = frozenset(),
        stopped: Callable[[], bool] = lambda: False,
        keeps_retained: bool = False,
    ) -> None:
        self._engine = engine
        self._source = source
        self._stack = stack
        self._undo = undo
        self._obsolete = obsolete
        self._left_out = left_out
        self._stopped = stopped
        self._keeps_retained = keeps_retained
        self._differed = False
        self._context = dataclasses.replace(
            engine.context, asset=source.asset, image=source.image, layer=source.layer, lenient=engine.lenient
        )
        self._scope = StackScope(engine.stacks, stack, engine.context.account)
        self._resolver: Resolver = self._scope.resolver(source, parameters)
        self._parameters = parameters
        self._refusals = Refusals(source, stack, hint=lambda resource: absent_hint(resource, self._context))
        self._steps = ResourceSteps(
            engine,
            self._context,
            stack,
            undo=undo,
            refusals=self._refusals,
            provisioner_of=self._provisioner,
            keeps_retained=keeps_retained,
        )

    def run(self) -> bool:
        """Creates, updates and replaces; then the outputs. Whether anything differed.

        DeploymentError for the first thing that fails.
        """
        resolver, stack = self._resolver, self._stack
        wanted = [
            logical_id
            for logical_id in deployment_order(resolver.template, resolver.resource_enabled, resolver.condition)
            if logical_id not in self._left_out
        ]
        before = dict(stack.resources)
        self._refuse_other_types(wanted)
        self._undo.add(functools.partial(self._restore, tuple(before), stack.imports, stack.record.parameters))
        stack.imports = set()
        stack.record.processed = resolver.template.raw
        stack.record.parameters = self._parameters
        bring_surroundings(self._engine, self._source, resolver, wanted, self._undo)
        try:
            for logical_id in wanted:
                if self._stopped():
                    raise DeploymentError(self._refusals.of_template("Resource creation cancelled", logical_id))
                self._bring(logical_id)
            for logical_id, created in before.items():
                if logical_id not in wanted:
                    self._steps.forget(created)
            stack.resources = {logical_id: stack.resources[logical_id] for logical_id in wanted}
            self._output()
        finally:
            order = list(before)
            self._obsolete += sorted(self._steps.obsolete, key=lambda item: order.index(item[1].resource.logical_id))
        return self._differed or self._steps.changed

    def _restore(self, order: Sequence[str], imports: set[str], parameters: Mapping[str, ParameterValue]) -> None:
        """The last step of taking back: the resources are in the order in which they were created."""
        stack = self._stack
        stack.imports = imports
        stack.record.parameters = parameters
        there = [logical_id for logical_id in order if logical_id in stack.resources]
        stack.resources = {logical_id: stack.resources[logical_id] for logical_id in (*there, *stack.resources)}

    def _bring(self, logical_id: str) -> None:
        there = self._stack.resources.get(logical_id)
        resource = self._resource(logical_id, there)
        change = None if there is None else change_of(there, resource)
        if there is None or change is Change.REPLACE:
            self._steps.create(resource, there)
        elif change is Change.UPDATE:
            self._steps.update(there, resource)
        elif resource.type == NESTED_STACK:  # what it holds may differ though its properties are the same
            self._steps.look_into(there, resource)
        else:
            self._steps.leave(there, resource)

    def _resource(self, logical_id: str, there: Created | None) -> Resource:
        declared = self._resolver.template.resources[logical_id]
        try:
            resolved = self._localized(self._resolver.properties(logical_id))
            written = self._resolver.properties_beside_secrets(logical_id)
        except UnknownValue as unknown:
            raise self._refusals.needs(unknown, f"Resources.{logical_id}.Properties") from None
        self._check(logical_id, declared.type, resolved)
        resolved = self._tagged(declared.type, resolved)
        if declared.type not in _READ_FROM_ASSEMBLY:
            self._source.publish(resolved, self._stack.account_id, self._stack.region)
        # CloudFormation Template Reference, "DeletionPolicy attribute": `RetainExceptOnCreate` goes with a creation
        # that is rolled back, `Retain` does not.
        policy = declared.deletion_policy or default_deletion_policy(declared.type, resolved)
        resource = Resource(
            stack=self._stack.name,
            stack_id=self._stack.stack_id,
            logical_id=logical_id,
            type=declared.type,
            properties=resolved,
            beside_secrets=None if written is None else self._tagged(declared.type, self._localized(written)),
            account_id=self._stack.account_id,
            region=self._stack.region,
            construct_path=declared.construct_path,
            generation=self._engine.stacks.generation(self._stack) if there is None else there.resource.generation,
            metadata=declared.metadata,
            update_policy=self._update_policy(logical_id),
            keep_when_deleted=policy in ("Retain", "RetainExceptOnCreate"),
            keep_when_replaced=declared.update_replace_policy == "Retain",
            keep_when_taken_back=policy == "Retain",
            snapshot_when_deleted=policy == "Snapshot",
            snapshot_when_replaced=declared.update_replace_policy == "Snapshot",
        )
        with self._refusals.told(resource, "created" if there is None else "updated", failed=lambda reason: None):
            self._source.record_images(resource)
        return resource

    def _localized(self, values: Mapping[str, object]) -> dict[str, Any]:
        localized = self._context.doors.localize(dict(values))
        assert isinstance(localized, dict)
        return localized

    def _tagged(self, type_name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        return with_stack_tags(type_name, properties, self._source.tags, self._provisioner(type_name).properties)

    def _update_policy(self, logical_id: str) -> Mapping[str, Any]:
        """Its `UpdatePolicy`, where somebody reads it: that of an alias."""
        declared = self._resolver.template.resources[logical_id]
        if declared.update_policy is None or declared.type != "AWS::Lambda::Alias":
            return {}
        pointer = f"Resources.{logical_id}.UpdatePolicy"
        try:
            resolved = self._resolver.resolve(declared.update_policy, pointer)
        except UnknownValue as unknown:
            raise self._refusals.needs(unknown, pointer) from None
        return resolved if isinstance(resolved, dict) else {}

    def _provisioner(self, type_name: str) -> Provisioner:
        if type_name == NESTED_STACK:
            return NestedStack(self._engine, self._source, self._stack, undo=self._undo, change=self._change_nested)
        provisioner = self._engine.provisioner_of(type_name)
        assert provisioner is not None
        return provisioner

    def _change_nested(
        self, source: StackSource, stack: DeployedStack, parameters: Mapping[str, ParameterValue]
    ) -> None:
        change = StackChange(
            self._engine,
            source,
            stack,
            parameters=parameters,
            undo=self._undo,
            obsolete=self._obsolete,
            stopped=self._stopped,
            keeps_retained=self._keeps_retained,
        )
        self._differed |= change.run()

    def _check(self, logical_id: str, type_name: str, properties: Mapping[str, Any]) -> None:
        """What only showed once the values were known."""
        tree = self._provisioner(type_name).properties
        found = sorted(set(unread(tree, properties, f"Resources.{logical_id}.Properties")))
        if found and not self._engine.lenient:
            raise DeploymentError(*(self._refusals.unread(logical_id, type_name, pointer) for pointer in found))

    def _refuse_other_types(self, wanted: Sequence[str]) -> None:
        """CloudFormation User Guide, "Troubleshooting": a logical id keeps its type."""
        there, declared = self._stack.resources, self._resolver.template.resources
        changed = [name for name in wanted if name in there and there[name].resource.type != declared[name].type]
        if changed:
            raise DeploymentError(self._refusals.of_template(other_types(changed), f"Resources.{changed[0]}.Type"))

    def _output(self) -> None:
        outputs: dict[str, Any] = {}
        exports: dict[str, Any] = {}
        names: dict[str, str] = {}
        for name, output in self._resolver.template.outputs.items():
            if not self._resolver.output_enabled(name):
                continue
            try:
                value = self._context.doors.localize_output(
                    self._resolver.output(name),
                    is_exported=output.export_name is not None,
                )
            except UnknownValue as unknown:
                raise self._refusals.needs(unknown, f"Outputs.{name}") from None
            outputs[name] = value
            if output.export_name is not None:
                export = str(self._resolver.resolve(output.export_name, f"Outputs.{name}.Export.Name"))
                self._refuse_taken_export(name, export, exports)
                exports[export], names[name] = value, export
        self._refuse_changed_imports(exports)
        stack = self._stack
        before = (stack.outputs, stack.exports, stack.export_names)
        if before != (outputs, exports, names):
            self._differed = True
            self._undo.add(functools.partial(self._set_outputs, *before))
            self._set_outputs(outputs, exports, names)

    def _set_outputs(self, outputs: dict[str, Any], exports: dict[str, Any], names: dict[str, str]) -> None:
        self._stack.outputs, self._stack.exports, self._stack.export_names = outputs, exports, names

    def _refuse_taken_export(self, output: str, export: str, own: Mapping[str, Any]) -> None:
        exporter = self._engine.stacks.exporter(self._stack.account_id, self._stack.region, export)
        other = exporter if exporter is not None and exporter is not self._stack else None
        if other is not None or export in own:
            text = f"Export with name {export} is already exported by stack {(other or self._stack).name}"
            raise DeploymentError(self._refusals.of_template(text, f"Outputs.{output}.Export.Name"))

    def _refuse_changed_imports(self, exports: Mapping[str, Any]) -> None:
        for name, value in self._stack.exports.items():
            if name in exports and same(exports[name], value):
                continue
            importers = self._engine.stacks.importers(self._stack, name)
            users = [stack.name for stack in importers if stack is not self._stack]
            if users:
                what = "updated" if name in exports else "deleted"
                text = f"Export {name} cannot be {what} as it is in use by {', '.join(users)}"
                raise DeploymentError(self._refusals.of_template(text, "Outputs"))


def other_types(changed: Sequence[str]) -> str:
    """CloudFormation's words for resources whose type the template changes."""
    return (
        "Update of resource type is not permitted. The new template modifies resource type of the following "
        f"resources: [{', '.join(changed)}]"
    )
