"""One stack: its template resolved and its resources created, in order.

parameters -> conditions -> order -> per resource: resolve, check, create -> outputs and exports
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.assembly.cloud_assembly import StackArtifact
from lambdakit.assembly.dependency_graph import deployment_order
from lambdakit.assembly.dynamic_references import DynamicReference
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.source_map import SourceMap
from lambdakit.errors import DeploymentError, Diagnostic, UnsupportedError
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.property_tree import recorded, unread
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Provisioner,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.removal import REFUSALS
from lambdakit.trace import PropertyRecorded, ResourceChanged, TraceLog

logger = logging.getLogger(__name__)

# What a provisioner runs into that reads a property of a form it does not have in the reference.
_SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)


class UnknownValue(Exception):
    """A reference to something that is not made here. The text says to what."""


class StackDeployment:
    """Creates the resources of one stack.

    exports: what other stacks exported, by name.
    left_out: logical ids that are not created, because `unsupported="warn"` lets them go.
    """

    def __init__(
        self,
        artifact: StackArtifact,
        stack: DeployedStack,
        *,
        resolver: Callable[[StackDeployment], Resolver],
        context: Context,
        provisioners: Mapping[str, Provisioner],
        trace: TraceLog,
        source_map: SourceMap,
        left_out: frozenset[str],
    ) -> None:
        self._artifact = artifact
        self._stack = stack
        self._context = context
        self._provisioners = provisioners
        self._trace = trace
        self._source_map = source_map
        self._left_out = left_out
        self._resolver = resolver(self)

    def create(self) -> None:
        """Creates every resource, then the outputs. DeploymentError when one fails; those before it are there then."""
        resolver = self._resolver
        for logical_id in deployment_order(resolver.template, resolver.resource_enabled, resolver.condition):
            if logical_id not in self._left_out:
                self._create(logical_id)
        self._output()

    def reference(self, logical_id: str) -> object:
        """What `Ref` gives. UnknownValue for a resource that was not created."""
        return self._made(logical_id).provisioned.physical_id

    def attribute(self, logical_id: str, name: str) -> object:
        """What `Fn::GetAtt` gives. UnknownValue for an attribute that the resource does not have here."""
        made = self._made(logical_id)
        try:
            return made.provisioned.attributes[name]
        except KeyError:
            raise UnknownValue(
                f"the attribute {name} of {made.resource.type} ({logical_id}) is not known to the harness"
            ) from None

    def _made(self, logical_id: str) -> Created:
        try:
            return self._stack.resources[logical_id]
        except KeyError:
            raise UnknownValue(f"the resource {logical_id} was left out of the deployment") from None

    def _create(self, logical_id: str) -> None:
        declared = self._resolver.template.resources[logical_id]
        provisioner = self._provisioners[declared.type]
        started = time.perf_counter()
        try:
            resolved = self._context.doors.localize(dict(self._resolver.properties(logical_id)))
        except UnknownValue as unknown:
            raise self._needs(unknown, f"Resources.{logical_id}.Properties") from None
        assert isinstance(resolved, dict)
        self._check(logical_id, declared.type, resolved, provisioner)
        resource = Resource(
            stack=self._stack.name,
            stack_id=self._stack.stack_id,
            logical_id=logical_id,
            type=declared.type,
            properties=resolved,
            account_id=self._stack.account_id,
            region=self._stack.region,
            construct_path=declared.construct_path,
        )
        try:
            provisioned = provisioner.create(resource, self._context)
        except REFUSALS as refusal:
            self._tell(resource, Provisioned(physical_id=""), "FAILED", started)
            raise DeploymentError(self._diagnostic(resource, refusal)) from refusal
        except _SHAPE_ERRORS as error:
            self._tell(resource, Provisioned(physical_id=""), "FAILED", started)
            logger.debug("%s", declared.type, exc_info=True)
            misfit = ResourceRefused(
                f"a property is missing or has another form than this type's ({type(error).__name__}: {error})",
                hint="compare it with the type's page in the CloudFormation Template Reference",
            )
            raise DeploymentError(self._diagnostic(resource, misfit)) from error
        self._stack.resources[logical_id] = Created(resource=resource, provisioned=provisioned)
        self._tell(resource, provisioned, "CREATED", started)
        for place in recorded(provisioner.properties, resolved, f"Resources.{logical_id}.Properties"):
            self._trace.append(
                PropertyRecorded(stack=resource.stack, logical_id=logical_id, type=resource.type, pointer=place)
            )

    def _check(self, logical_id: str, type_name: str, properties: dict[str, Any], provisioner: Provisioner) -> None:
        """What only showed once the values were known."""
        found = sorted(set(unread(provisioner.properties, properties, f"Resources.{logical_id}.Properties")))
        if found and not self._context.lenient:
            raise DeploymentError(
                *(
                    Diagnostic(
                        problem=f"this property of {type_name} ({logical_id}) is not read by the harness",
                        code="LK311",
                        path=self._artifact.template.path,
                        pointer=pointer,
                        hint='remove it, or deploy with unsupported="warn" to leave it out',
                    )
                    for pointer in found
                )
            )

    def _output(self) -> None:
        for name, output in self._resolver.template.outputs.items():
            if not self._resolver.output_enabled(name):
                continue
            try:
                value = self._context.doors.localize(self._resolver.resolve(output.value, f"Outputs.{name}.Value"))
            except UnknownValue as unknown:
                raise self._needs(unknown, f"Outputs.{name}") from None
            self._stack.outputs[name] = value
            if output.export_name is not None:
                export = self._resolver.resolve(output.export_name, f"Outputs.{name}.Export.Name")
                self._stack.exports[str(export)] = value

    def _needs(self, unknown: UnknownValue, pointer: str) -> UnsupportedError:
        diagnostic = Diagnostic(
            problem=f"it needs what is not there: {unknown}",
            code="LK312",
            path=self._artifact.template.path,
            pointer=pointer,
            hint="leave out what needs it too, or deploy to AWS",
        )
        return UnsupportedError(diagnostic)

    def _diagnostic(self, resource: Resource, refusal: Exception) -> Diagnostic:
        pointer = f"Resources.{resource.logical_id}"
        below = refusal.property_pointer if isinstance(refusal, ResourceRefused) else ""
        if below:
            pointer += f".Properties.{below}"
        place = self._source_map.place(self._stack.name, resource.logical_id)
        return Diagnostic(
            problem=f"{resource.type} could not be created: {refusal}",
            code="LK320",
            path=self._artifact.template.path if place is None else place.document,
            line=None if place is None else place.line,
            column=None if place is None else place.column,
            pointer=pointer if place is None else f"{place.pointer}: {pointer}",
            hint=refusal.hint if isinstance(refusal, ResourceRefused) else "",
        )

    def _tell(self, resource: Resource, provisioned: Provisioned, status: str, started: float) -> None:
        self._trace.append(
            ResourceChanged(
                stack=resource.stack,
                logical_id=resource.logical_id,
                type=resource.type,
                physical_id=provisioned.physical_id,
                status=status,
                duration_ms=(time.perf_counter() - started) * 1000,
            )
        )


def dynamic_value(context: Context, region: str, reference: DynamicReference) -> str:
    """The value behind `{{resolve:…}}`. LookupError when there is none."""
    try:
        if reference.service == "secretsmanager":
            return _secret(context, region, reference)
        name = reference.name if reference.version is None else f"{reference.name}:{reference.version}"
        parameter = context.account.client("ssm", region).get_parameter(Name=name, WithDecryption=True)
        return str(parameter["Parameter"]["Value"])
    except ClientError as error:
        raise LookupError(error.response["Error"].get("Message", str(error))) from None


def _secret(context: Context, region: str, reference: DynamicReference) -> str:
    arguments = {"VersionStage": reference.version_stage, "VersionId": reference.version_id}
    secret = context.account.client("secretsmanager", region).get_secret_value(
        SecretId=reference.name, **{key: value for key, value in arguments.items() if value}
    )
    text = str(secret["SecretString"])
    if not reference.json_key:
        return text
    import json

    value: Mapping[str, object] = json.loads(text)
    return str(value[reference.json_key])


def availability_zones(region: str) -> Sequence[str]:
    """The first three zones of a region; every region has as many or more, but for a few."""
    return [f"{region}{letter}" for letter in "abc"]
