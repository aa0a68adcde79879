"""Deployments: an assembly directory in, stacks in the account out, and back to nothing.

read the assembly -> choose stacks -> check everything that is not supported, at once -> stack by stack: create
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from lambdakit.assembly.cloud_assembly import CloudAssembly, StackArtifact, read_assembly
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import ParameterValue, resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.errors import DeploymentError, Diagnostic, LambdakitError, UnsupportedError
from lambdakit.harness.deployment.deployed import DeployedStack, Deployment
from lambdakit.harness.deployment.provisioner import Context, Provisioner
from lambdakit.harness.deployment.removal import delete_stacks, reset_stacks
from lambdakit.harness.deployment.stack_deployment import (
    StackDeployment,
    availability_zones,
    dynamic_value,
)
from lambdakit.harness.deployment.support import Unsupported, unsupported_in
from lambdakit.trace import DeploymentEnded, DeploymentStarted, TraceLog, UnsupportedIgnored

# CDK Developer Guide, "AWS CDK bootstrapping": the version parameter that every template of the CDK's asks for.
_BOOTSTRAP_PREFIX = "/cdk-bootstrap/"
_BOOTSTRAP_VERSION = "30"


class Deployer:
    """Deploys assemblies into the account, one at a time.

    lenient: leave out what is not supported, and say so in the trace, instead of refusing it.
    """

    def __init__(
        self, context: Context, *, provisioners: Mapping[str, Provisioner], trace: TraceLog, lenient: bool
    ) -> None:
        self._context = dataclasses.replace(context, lenient=lenient)
        self._provisioners = provisioners
        self._trace = trace
        self._lenient = lenient
        self._deployments: dict[str, Deployment] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def deploy(self, directory: Path, *, stacks: Sequence[str] | None, parameters: Mapping[str, str]) -> Deployment:
        """Creates the stacks of an assembly, with what they need; nothing is left of them when one fails.

        stacks: names; None for all. parameters: for every stack that declares them.
        """
        with self._lock:
            started = time.perf_counter()
            assembly = read_assembly(directory)
            chosen = assembly.select(stacks)
            deployment = Deployment(id=f"deployment-{next(self._numbers)}")
            self._refuse_taken_names(chosen)
            prepared = [(artifact, self._parameters(artifact, parameters, chosen)) for artifact in chosen]
            left_out = self._check(assembly, prepared)
            names = tuple(artifact.stack_name for artifact in chosen)
            self._trace.append(DeploymentStarted(deployment=deployment.id, stacks=names))
            status = "FAILED"
            try:
                for artifact, values in prepared:
                    self._create(assembly, artifact, values, deployment, left_out)
                status = "CREATED"
            except BaseException as failure:
                self._undo(deployment, failure)
                raise
            finally:
                deployment.duration_ms = (time.perf_counter() - started) * 1000
                self._ended(deployment, status, deployment.duration_ms)
            self._deployments[deployment.id] = deployment
            return deployment

    def reset(self, deployment_id: str) -> None:
        """Brings back what the deployment's resources held right after it."""
        with self._lock:
            deployment = self._get(deployment_id)
            started = time.perf_counter()
            problems = reset_stacks(deployment.stacks, self._context, self._provisioners)
            status = "FAILED" if problems else "RESET"
            self._ended(deployment, status, (time.perf_counter() - started) * 1000)
            if problems:
                raise DeploymentError(*problems)

    def destroy(self, deployment_id: str) -> None:
        """Deletes the stacks of a deployment, the last one first."""
        with self._lock:
            deployment = self._get(deployment_id)
            started = time.perf_counter()
            problems = delete_stacks(deployment.stacks, self._context, self._provisioners, self._trace)
            status = "FAILED" if problems else "DESTROYED"
            self._ended(deployment, status, (time.perf_counter() - started) * 1000)
            if problems:
                raise DeploymentError(*problems)
            del self._deployments[deployment_id]

    def _create(
        self,
        assembly: CloudAssembly,
        artifact: StackArtifact,
        parameters: Mapping[str, ParameterValue],
        deployment: Deployment,
        left_out: Mapping[str, frozenset[str]],
    ) -> None:
        stack = self._new_stack(artifact)
        deployment.stacks.append(stack)

        def resolver(creation: StackDeployment) -> Resolver:
            return self._resolver(artifact, stack, parameters, deployment, creation)

        StackDeployment(
            artifact,
            stack,
            resolver=resolver,
            context=dataclasses.replace(self._context, asset=lambda bucket, key: _asset(assembly, bucket, key)),
            provisioners=self._provisioners,
            trace=self._trace,
            source_map=assembly.source_map,
            left_out=left_out[artifact.stack_name],
        ).create()

    def _resolver(
        self,
        artifact: StackArtifact,
        stack: DeployedStack,
        parameters: Mapping[str, ParameterValue],
        deployment: Deployment,
        creation: StackDeployment | None,
    ) -> Resolver:
        def unknown(*_: str) -> object:
            raise LookupError("nothing is deployed yet")

        return Resolver(
            artifact.template,
            parameters,
            _pseudo_parameters(stack),
            reference=unknown if creation is None else creation.reference,
            attribute=unknown if creation is None else creation.attribute,
            imported=lambda name: self._imported(name, deployment),
            availability_zones=availability_zones,
            dynamic=lambda reference: dynamic_value(self._context, stack.region, reference),
        )

    def _new_stack(self, artifact: StackArtifact) -> DeployedStack:
        account = artifact.environment.account or self._context.account.account_id
        region = artifact.environment.region or self._context.account.region
        seed = hashlib.sha256(f"{account}/{region}/{artifact.stack_name}".encode()).hexdigest()
        identity = uuid.UUID(seed[:32])
        return DeployedStack(
            name=artifact.stack_name,
            stack_id=f"arn:aws:cloudformation:{region}:{account}:stack/{artifact.stack_name}/{identity}",
            account_id=account,
            region=region,
        )

    def _parameters(
        self, artifact: StackArtifact, given: Mapping[str, str], chosen: Sequence[StackArtifact]
    ) -> Mapping[str, ParameterValue]:
        declared = artifact.template.parameters
        others = {name for other in chosen for name in other.template.parameters}
        mine = {name: value for name, value in given.items() if name in declared or name not in others}
        region = artifact.environment.region or self._context.account.region
        return resolve_parameters(
            artifact.template, {**artifact.parameters, **mine}, ssm=lambda n: self._ssm(n, region)
        )

    def _ssm(self, name: str, region: str) -> str:
        if name.startswith(_BOOTSTRAP_PREFIX):
            return _BOOTSTRAP_VERSION
        from botocore.exceptions import ClientError

        try:
            return str(self._context.account.client("ssm", region).get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError as error:
            raise LookupError(str(error)) from None

    def _check(
        self, assembly: CloudAssembly, prepared: Sequence[tuple[StackArtifact, Mapping[str, ParameterValue]]]
    ) -> Mapping[str, frozenset[str]]:
        """The logical ids to leave out, by stack; UnsupportedError with everything, unless that is allowed."""
        left_out: dict[str, frozenset[str]] = {}
        diagnostics: list[Diagnostic] = []
        for artifact, parameters in prepared:
            resolver = self._resolver(artifact, self._new_stack(artifact), parameters, Deployment(id=""), None)
            enabled = frozenset(
                logical_id for logical_id in resolver.template.resources if resolver.resource_enabled(logical_id)
            )
            name = artifact.stack_name
            found = list(unsupported_in(name, resolver.template, enabled, self._provisioners))
            left_out[name] = frozenset(item.logical_id for item in found if item.type not in self._provisioners)
            if self._lenient:
                self._note(found)
            else:
                diagnostics += [item.diagnostic(artifact.template.path, assembly.source_map) for item in found]
        if diagnostics:
            raise UnsupportedError(*diagnostics)
        return left_out

    def _note(self, found: Sequence[Unsupported]) -> None:
        for item in found:
            self._trace.append(
                UnsupportedIgnored(
                    stack=item.stack,
                    logical_id=item.logical_id,
                    type=item.type,
                    pointer=item.pointer,
                    problem=item.problem,
                )
            )

    def _refuse_taken_names(self, chosen: Sequence[StackArtifact]) -> None:
        deployed = {stack.stack_id for deployment in self._deployments.values() for stack in deployment.stacks}
        taken = [artifact for artifact in chosen if self._new_stack(artifact).stack_id in deployed]
        if taken:
            raise DeploymentError(
                *(
                    Diagnostic(
                        problem=f"a stack called {artifact.stack_name} is deployed already",
                        code="LK301",
                        path=artifact.template.path,
                        hint="destroy the deployment that made it first, or use another Harness",
                    )
                    for artifact in taken
                )
            )

    def _imported(self, name: str, deployment: Deployment) -> object:
        for candidate in (deployment, *self._deployments.values()):
            for stack in candidate.stacks:
                if name in stack.exports:
                    return stack.exports[name]
        raise LookupError(f"no stack exports {name}")

    def _undo(self, deployment: Deployment, failure: BaseException) -> None:
        """Deletes what was created; what refuses to go is told beside what failed, not instead of it."""
        left = delete_stacks(deployment.stacks, self._context, self._provisioners, self._trace)
        if left and isinstance(failure, LambdakitError):
            raise type(failure)(*failure.diagnostics, *left) from failure

    def _get(self, deployment_id: str) -> Deployment:
        try:
            return self._deployments[deployment_id]
        except KeyError:
            raise DeploymentError(
                Diagnostic(problem=f"there is no deployment {deployment_id!r}, or it was destroyed", code="LK302")
            ) from None

    def _ended(self, deployment: Deployment, status: str, duration_ms: float) -> None:
        self._trace.append(
            DeploymentEnded(
                deployment=deployment.id,
                status=status,
                duration_ms=duration_ms,
                resources=len(deployment.resources),
            )
        )


def _pseudo_parameters(stack: DeployedStack) -> PseudoParameters:
    return PseudoParameters(
        account_id=stack.account_id, region=stack.region, stack_name=stack.name, stack_id=stack.stack_id
    )


def _asset(assembly: CloudAssembly, bucket: str, key: str) -> Path | None:
    asset = assembly.assets.find(bucket, key)
    if asset is None:
        return None
    asset.check_links()
    return asset.path
