"""What a change of a stack would do, found out without doing it: what a change set lists, and whether it is anything.

The template is resolved with what is there; what only the change itself brings stands for itself.
Source: CloudFormation User Guide, "Update stacks using change sets".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.assembly.codes import NOT_FOUND, RULE_VIOLATED, WRONG_ARGUMENT
from lambdakit.assembly.dependency_graph import DependencyGraph, dependency_graph
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import ParameterValue, resolve_parameters
from lambdakit.assembly.same_value import same
from lambdakit.assembly.template import Resource as Declared
from lambdakit.errors import AssemblyError
from lambdakit.harness.deployment.cloudformation.change_details import (
    KNOWN_LATER,
    Causes,
    metadata_detail,
    policy_action,
    property_details,
    scope_of,
)
from lambdakit.harness.deployment.cloudformation.refusal import Refused, invalid_template, told
from lambdakit.harness.deployment.deployed import NESTED_STACK, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.nested_stack import NestedStack
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource
from lambdakit.harness.deployment.resource_diff import Change, change_of
from lambdakit.harness.deployment.scope import StackScope, UnknownValue
from lambdakit.harness.deployment.stack_change import other_types
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.deployment.stack_tags import with_stack_tags
from lambdakit.harness.deployment.support import Support
from lambdakit.harness.deployment.values import AccountValues
from lambdakit.records import dataclass

_NONE: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """changes: each in the form of `Change`. differs: whether an update would do anything; outputs and tags count.

    parameters: the values that it would have. processed: its template with the transforms carried out.
    """

    processed: Mapping[str, Any]
    parameters: Mapping[str, ParameterValue]
    changes: Sequence[dict[str, Any]]
    differs: bool


def differences(engine: Engine, stack: DeployedStack, source: StackSource) -> Differences:
    """What `source` would make of the stack. Refused when the template cannot be used, and nothing would come of it."""
    try:
        values = AccountValues(engine.context.account, account_id=stack.account_id, region=stack.region)
        parameters = resolve_parameters(source.template, source.given, ssm=values.parameter)
    except AssemblyError as error:
        raise Refused("ValidationError", told(error)) from None
    try:
        return _Forecast(engine, stack, source, parameters).differences()
    except AssemblyError as error:
        if {diagnostic.code for diagnostic in error.diagnostics} == {RULE_VIOLATED}:
            raise Refused("ValidationError", told(error)) from None
        raise invalid_template(error) from None


class _Forecast:
    """stack: as it would be, resource by resource; the real one stays as it is."""

    def __init__(
        self, engine: Engine, stack: DeployedStack, source: StackSource, parameters: Mapping[str, ParameterValue]
    ) -> None:
        self._engine = engine
        self._source = source
        self._before = dict(stack.resources)
        self._real = stack
        self._parameters = parameters
        self._stack = dataclasses.replace(stack, resources=dict(stack.resources), imports=set())
        scope = StackScope(engine.stacks, self._stack, engine.context.account)
        self._resolver: Resolver = scope.resolver(source, parameters)

    def differences(self) -> Differences:
        """What it would do."""
        resolver = self._resolver
        self._refuse_unsupported()
        graph = dependency_graph(resolver.template, resolver.resource_enabled, resolver.condition)
        self._refuse_other_types(graph)
        found = [change for logical_id in graph.order for change in self._of(logical_id, graph)]
        for logical_id, created in self._before.items():
            if logical_id not in graph.order:
                action = policy_action(created.resource, replaced=False)
                found.append(self._change("Remove", created.resource, created, PolicyAction=action))
        differs = [bool(found), self._outputs_differ(), dict(self._real.record.tags) != dict(self._source.tags)]
        return Differences(
            changes=found, differs=any(differs), parameters=self._parameters, processed=resolver.template.raw
        )

    def _refuse_unsupported(self) -> None:
        found = list(Support(self._engine.provisioner_of).unsupported(self._source, self._resolver))
        if not found or self._engine.lenient:
            return
        unknown = sorted({item.type for item in found if item.unknown_type})
        if unknown:
            raise Refused(
                "ValidationError", f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]"
            )
        raise Refused("ValidationError", "; ".join(f"{item.pointer}: {item.problem}" for item in found))

    def _refuse_other_types(self, graph: DependencyGraph) -> None:
        declared = self._resolver.template.resources
        changed = [
            name
            for name in graph.order
            if name in self._before and self._before[name].resource.type != declared[name].type
        ]
        if changed:
            raise Refused("ValidationError", other_types(changed))

    def _of(self, logical_id: str, graph: DependencyGraph) -> Iterator[dict[str, Any]]:
        declared = self._resolver.template.resources[logical_id]
        there = self._before.get(logical_id)
        properties = self._properties(logical_id, declared, graph)
        beside_secrets = None if properties is None else self._beside_secrets(declared)
        wanted = self._wanted(declared, _NONE if properties is None else properties, beside_secrets)
        if there is None:
            self._becomes_unknown(wanted)
            yield self._change("Add", wanted, None)
            return
        change = Change.UPDATE if properties is None else change_of(there, wanted)
        if change is Change.REPLACE:
            self._becomes_unknown(wanted)
        elif change is Change.NONE:  # though a secret may have another value by now
            wanted = dataclasses.replace(wanted, properties=there.resource.properties)
        modified = self._modified(there, wanted, change, vague=properties is None)
        if modified is not None:
            yield modified

    def _modified(self, there: Created, wanted: Resource, change: Change, *, vague: bool) -> dict[str, Any] | None:
        details = [] if vague else property_details(there, wanted, self._causes(wanted.logical_id))
        if _attributes(there.resource) != _attributes(wanted):
            details.append(metadata_detail())
        if not details and not vague and wanted.type != NESTED_STACK:
            return None
        if wanted.type == NESTED_STACK and not details:
            # "ResourceChangeDetail": what it holds may differ, which is not known before.
            target = {"Attribute": "Properties", "RequiresRecreation": "Never"}
            details.append({"ChangeSource": "Automatic", "Evaluation": "Dynamic", "Target": target})
        replaced = change is Change.REPLACE and not vague
        more = {"PolicyAction": policy_action(there.resource, replaced=True)} if replaced else {}
        replacement = "Conditional" if vague else "True" if replaced else "False"
        scope = scope_of(details) or ["Properties"]
        return self._change("Modify", wanted, there, Scope=scope, Replacement=replacement, Details=details, **more)

    def _causes(self, logical_id: str) -> Causes:
        record, resources = self._real.record, (self._real.record.processed or _NONE).get("Resources")
        before = resources.get(logical_id) if isinstance(resources, Mapping) else None
        known = record.parameters
        changed = {name for name, value in self._parameters.items() if name in known and known[name] != value}
        return Causes(
            before=before.get("Properties") or _NONE if isinstance(before, Mapping) else _NONE,
            after=self._resolver.template.resources[logical_id].properties,
            parameters=changed,
            resources={name for name in self._stack.resources if self._is_unknown(name)},
        )

    def _properties(self, logical_id: str, declared: Declared, graph: DependencyGraph) -> Mapping[str, Any] | None:
        """The resolved properties; None when they are only known later."""
        try:
            resolved = self._resolver.properties(logical_id)
        except UnknownValue as unknown:
            raise Refused("ValidationError", f"Template error: {unknown}") from None
        except AssemblyError as error:
            codes = {diagnostic.code for diagnostic in error.diagnostics}
            vague = any(self._is_unknown(name) for name in graph.needs[logical_id])
            if codes <= {NOT_FOUND} or (vague and codes <= {NOT_FOUND, WRONG_ARGUMENT}):
                return None
            raise
        return self._settled(declared, resolved)

    def _beside_secrets(self, declared: Declared) -> Mapping[str, Any] | None:
        written = self._resolver.properties_beside_secrets(declared.logical_id)
        return None if written is None else self._settled(declared, written)

    def _settled(self, declared: Declared, properties: Mapping[str, object]) -> Mapping[str, Any]:
        localized = self._engine.context.doors.localize(dict(properties))
        assert isinstance(localized, dict)
        provisioner = self._engine.provisioner_of(declared.type)
        tree = (
            NestedStack.properties if declared.type == NESTED_STACK or provisioner is None else provisioner.properties
        )
        return with_stack_tags(declared.type, localized, self._source.tags, tree)

    def _is_unknown(self, logical_id: str) -> bool:
        return self._stack.resources[logical_id].provisioned.physical_id == KNOWN_LATER

    def _wanted(
        self, declared: Declared, properties: Mapping[str, Any], beside_secrets: Mapping[str, Any] | None
    ) -> Resource:
        policy = declared.deletion_policy
        return Resource(
            stack=self._stack.name,
            stack_id=self._stack.stack_id,
            logical_id=declared.logical_id,
            type=declared.type,
            properties=properties,
            beside_secrets=beside_secrets,
            account_id=self._stack.account_id,
            region=self._stack.region,
            metadata=declared.metadata,
            keep_when_deleted=policy in ("Retain", "RetainExceptOnCreate"),
            keep_when_replaced=declared.update_replace_policy == "Retain",
            keep_when_taken_back=policy == "Retain",
        )

    def _becomes_unknown(self, wanted: Resource) -> None:
        unknown = Provisioned(physical_id=KNOWN_LATER, attributes=_AnyAttribute())
        self._stack.resources[wanted.logical_id] = Created(resource=wanted, provisioned=unknown)

    def _change(self, action: str, resource: Resource, there: Created | None, **more: Any) -> dict[str, Any]:
        change = {
            "Action": action,
            "LogicalResourceId": resource.logical_id,
            "ResourceType": resource.type,
            "Scope": [],
            "Details": [],
            **(
                {}
                if there is None
                else {"PhysicalResourceId": self._engine.context.doors.localize(there.provisioned.physical_id)}
            ),
            **more,
        }
        return {"Type": "Resource", "ResourceChange": change}

    def _outputs_differ(self) -> bool:
        outputs, before = self._outputs(), self._real.record.template
        if outputs is None or before is None:
            return True
        if before.raw.get("Outputs") != self._source.template.raw.get("Outputs"):
            return True
        return not same(outputs, self._real.outputs)

    def _outputs(self) -> dict[str, object] | None:
        """The resolved outputs; None when they are only known later."""
        try:
            return {
                name: self._engine.context.doors.localize_output(
                    self._resolver.output(name),
                    is_exported=output.export_name is not None,
                )
                for name, output in self._resolver.template.outputs.items()
                if self._resolver.output_enabled(name)
            }
        except UnknownValue:
            return None
        except AssemblyError as error:
            if {diagnostic.code for diagnostic in error.diagnostics} <= {NOT_FOUND, WRONG_ARGUMENT}:
                return None
            raise


class _AnyAttribute(dict[str, Any]):
    """Every attribute, known later."""

    def __missing__(self, name: str) -> str:
        return KNOWN_LATER


def _attributes(resource: Resource) -> tuple[object, ...]:
    """What a stack knows of a resource besides its properties."""
    return (
        resource.metadata,
        resource.keep_when_deleted,
        resource.keep_when_replaced,
        resource.keep_when_taken_back,
    )
