"""Deployments: an assembly directory in, stacks in the account out, on to another assembly, and back to nothing.

read the assembly -> choose stacks -> check everything that is not supported, at once -> stack by stack: change
-> what is no longer wanted goes; or when something failed, everything is taken back
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lambdakit.assembly.cloud_assembly import CloudAssembly, StackArtifact, read_assembly
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.errors import DeploymentError, Diagnostic, LambdakitError, UnsupportedError
from lambdakit.harness.deployment.assembly_templates import AssemblyTemplates
from lambdakit.harness.deployment.asset_publishing import AssetPublisher
from lambdakit.harness.deployment.configuration_calls import ConfigurationCalls
from lambdakit.harness.deployment.deployed import USER_INITIATED, Asked, DeployedStack, Deployment, Stacks
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.image_support import image_source, images_without_override
from lambdakit.harness.deployment.known_types import ProvisionerOf
from lambdakit.harness.deployment.promised_parameters import PromisedParameters
from lambdakit.harness.deployment.provisioner import Context
from lambdakit.harness.deployment.removal import capture, delete_resource, delete_stack, reset_stacks
from lambdakit.harness.deployment.renewal import clear_from
from lambdakit.harness.deployment.resource_steps import Unwanted
from lambdakit.harness.deployment.scope import StackScope
from lambdakit.harness.deployment.stack_change import StackChange
from lambdakit.harness.deployment.stack_source import StackSource, note_source
from lambdakit.harness.deployment.support import Support, Unsupported
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.records import dataclass
from lambdakit.trace import DeploymentEnded, DeploymentStarted, TraceLog, UnsupportedIgnored

_Identity = tuple[str, str, str]
"""A stack's account, region and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A stack, checked. left_out: logical ids of types that are not supported, to be left out."""

    source: StackSource
    stack: DeployedStack
    parameters: Mapping[str, ParameterValue]
    promised: PromisedParameters
    left_out: frozenset[str]


class Deployer:
    """Deploys assemblies into the account, one at a time.

    lenient: leave out what is not supported, and say so in the trace, instead of refusing it.
    configuration_calls: to be told of the API calls that change how something is set up.
    """

    def __init__(
        self, context: Context, *, provisioner_of: ProvisionerOf, trace: TraceLog, lenient: bool, stacks: Stacks
    ) -> None:
        self._engine = Engine(
            context=dataclasses.replace(context, lenient=lenient),
            provisioner_of=provisioner_of,
            stacks=stacks,
            trace=trace,
            lenient=lenient,
        )
        self._context = context
        self._trace = trace
        self.configuration_calls = ConfigurationCalls()
        self._deployments: dict[str, Deployment] = {}
        self._numbers = itertools.count(1)
        self._lock = self._engine.lock

    @property
    def engine(self) -> Engine:
        """What the CloudFormation API changes stacks with, too."""
        return self._engine

    def get(self, deployment_id: str) -> Deployment:
        """The deployment with this id. DeploymentError when there is none."""
        try:
            return self._deployments[deployment_id]
        except KeyError:
            raise DeploymentError(
                Diagnostic(problem=f"there is no deployment {deployment_id!r}, or it was destroyed", code="LK302")
            ) from None

    def deploy(self, directory: Path, *, stacks: Sequence[str] | None, parameters: Mapping[str, str]) -> Deployment:
        """Creates the stacks of an assembly, with what they need; nothing is left of them when one fails.

        stacks: names; None for all. parameters: for every stack that declares them.
        """
        with self._lock:
            deployment = Deployment(id=f"deployment-{next(self._numbers)}")
            self._bring_to(deployment, Asked(directory=directory, stacks=stacks, parameters=parameters))
            self._deployments[deployment.id] = deployment
            return deployment

    def update(
        self, deployment_id: str, directory: Path, *, stacks: Sequence[str] | None, parameters: Mapping[str, str]
    ) -> Deployment:
        """Brings a deployment to another assembly by what differs; everything is as it was when something fails.

        Stacks that the assembly does not have any more stay, as they do after `cdk deploy`.
        """
        with self._lock:
            deployment = self.get(deployment_id)
            self._bring_to(deployment, Asked(directory=directory, stacks=stacks, parameters=parameters))
            return deployment

    def reset(self, deployment_id: str) -> bool:
        """Brings back what the deployment's resources held right after it; whether it took making some of them anew.

        That is what happens to those that were deleted or set up differently meanwhile, and to what depends on them;
        and to stacks that CloudFormation was asked to change or to delete.
        """
        with self._lock:
            deployment = self.get(deployment_id)
            started = time.perf_counter()
            there = [stack for stack in deployment.stacks if self._is_there(stack)]
            resources = [created for stack in there for created in stack.resources.values()]
            touched = self.configuration_calls.named(resources, after=deployment.calls_seen)
            asked_again = deployment.asked if touched or _versions(there) != deployment.versions else []
            for asked in asked_again:
                read_assembly(asked.directory)  # which may be gone: nothing is cleared then
            with self._engine.stacks.unheard():  # on AWS none of this happens
                problems = clear_from(self._engine, there, touched) if touched else reset_stacks(self._engine, there)
                self._ended(deployment, "FAILED" if problems else "RESET", started)
                for asked in asked_again:
                    self._change(deployment, asked)
            self._take_note(deployment)
            if problems:
                raise DeploymentError(*problems)
            return bool(asked_again)

    def destroy(self, deployment_id: str) -> None:
        """Deletes the stacks of a deployment, the last one first."""
        with self._lock:
            deployment = self.get(deployment_id)
            started = time.perf_counter()
            problems: list[Diagnostic] = []
            for stack in reversed([stack for stack in deployment.stacks if stack.parent is None]):
                problems += self._refuse_used_exports(stack, deployment) or delete_stack(self._engine, stack)
            self._ended(deployment, "FAILED" if problems else "DESTROYED", started)
            if problems:
                raise DeploymentError(*problems)
            del self._deployments[deployment_id]

    def _bring_to(self, deployment: Deployment, asked: Asked) -> None:
        """Changes a deployment, and remembers how to do so again."""
        changed = self._change(deployment, asked)
        there = {_identity(stack) for stack in deployment.stacks if stack.parent is None}
        deployment.asked = [*(() if changed == there else deployment.asked), asked]
        self._take_note(deployment)

    def _take_note(self, deployment: Deployment) -> None:
        """Remembers that the deployment is now what was asked for."""
        deployment.calls_seen = self.configuration_calls.count
        deployment.versions = _versions(deployment.stacks)

    def _change(self, deployment: Deployment, asked: Asked) -> set[_Identity]:
        """The stacks that the assembly was asked for."""
        started = time.perf_counter()
        assembly = read_assembly(asked.directory)
        chosen = assembly.select(asked.stacks)
        mine = {_identity(stack): stack for stack in deployment.stacks if stack.parent is None}
        self._refuse_taken_names(chosen, mine)
        prepared = self._prepare(assembly, chosen, asked.parameters, mine)
        names = tuple(item.stack.name for item in prepared)
        self._trace.append(DeploymentStarted(deployment=deployment.id, stacks=names))
        undo = UndoLog()
        obsolete: list[Unwanted] = []
        before = list(deployment.stacks)
        status = "FAILED"
        try:
            differed = [self._bring(item, undo, obsolete) for item in prepared]
            status = "CREATED" if not before else "UPDATED" if any(differed) else "UNCHANGED"
        except BaseException as failure:
            self._take_back(undo, failure)
            raise
        finally:
            if status == "FAILED":
                deployment.duration_ms = self._ended(deployment, status, started)
        for stack, created in reversed(obsolete):
            delete_resource(self._engine, stack, created)
        roots = {stack.stack_id: stack for stack in (*before, *(item.stack for item in prepared))}
        roots = {key: stack for key, stack in roots.items() if stack.parent is None and self._is_there(stack)}
        deployment.stacks = [stack for root in roots.values() for stack in self._family(root)]
        capture(self._engine, deployment.stacks)
        deployment.duration_ms = self._ended(deployment, status, started)
        return {_identity(item.stack) for item in prepared}

    def _bring(self, item: _Prepared, undo: UndoLog, obsolete: list[Unwanted]) -> bool:
        stack, stacks, now = item.stack, self._engine.stacks, self._context.clock.now
        is_new = not self._is_there(stack)
        what, before = "CREATE" if is_new else "UPDATE", stack.status
        if is_new:
            stacks.add(stack)
            undo.add(lambda: stacks.remove(stack))
        else:
            undo.add(lambda: stack.move(now(), "UPDATE_ROLLBACK_COMPLETE"))
        undo.add(note_source(stack, item.source, now()))
        stack.begin(now(), f"{what}_IN_PROGRESS", USER_INITIATED)
        differed = StackChange(
            self._engine,
            item.source,
            stack,
            parameters=item.promised.kept(item.source, item.parameters),
            undo=undo,
            obsolete=obsolete,
            left_out=item.left_out,
        ).run()
        ended = stack.move if differed or is_new else stack.settle
        ended(now(), f"{what}_COMPLETE" if differed or is_new else before)
        return differed

    def _family(self, stack: DeployedStack) -> list[DeployedStack]:
        nested = [member for child in self._engine.stacks.nested_in(stack) for member in self._family(child)]
        return [stack, *nested]

    def _prepare(
        self,
        assembly: CloudAssembly,
        chosen: Sequence[StackArtifact],
        parameters: Mapping[str, str],
        mine: Mapping[_Identity, DeployedStack],
    ) -> list[_Prepared]:
        """Every stack with its parameters; UnsupportedError with everything that is not, unless that is allowed."""
        publisher = AssetPublisher(self._context.account, assembly.assets, self._trace.append)
        others = {name for artifact in chosen for name in artifact.template.parameters}
        promised = PromisedParameters(self._context.account)
        prepared = []
        diagnostics: list[Diagnostic] = []
        for artifact in chosen:
            source = self._source(assembly, artifact, parameters, others, publisher)
            stack = mine.get((source.account_id, source.region, source.name))
            if stack is None or not self._is_there(stack):
                stack = self._new(source)
            values = promised.values(source)
            empty = dataclasses.replace(stack, resources={}, imports=set())
            resolver = StackScope(self._engine.stacks, empty, self._context.account).resolver(source, values)
            promised.note(source, resolver)
            found = list(Support(self._engine.provisioner_of).unsupported(source, resolver))
            # Its other functions run all the same; one that is invoked is refused with the same words.
            self._note(list(images_without_override(assembly, artifact.stack_name, resolver)))
            if self._engine.lenient:
                self._note(found)
            else:
                diagnostics += [item.diagnostic(source.template.path, source.source_map) for item in found]
            left_out = frozenset(item.logical_id for item in found if item.unknown_type)
            prepared.append(
                _Prepared(source=source, stack=stack, parameters=values, promised=promised, left_out=left_out)
            )
        if diagnostics:
            raise UnsupportedError(*diagnostics)
        return prepared

    def _is_there(self, stack: DeployedStack) -> bool:
        """Whether nobody deleted it through the CloudFormation API."""
        return self._engine.stacks.find(stack.account_id, stack.region, stack.stack_id) is stack

    def _new(self, source: StackSource) -> DeployedStack:
        place = (source.account_id, source.region, source.name)
        return DeployedStack(
            name=source.name,
            stack_id=self._engine.stacks.new_id(*place),
            account_id=source.account_id,
            region=source.region,
        )

    def _source(
        self,
        assembly: CloudAssembly,
        artifact: StackArtifact,
        parameters: Mapping[str, str],
        others: set[str],
        publisher: AssetPublisher,
    ) -> StackSource:
        declared = artifact.template.parameters
        mine = {name: value for name, value in parameters.items() if name in declared or name not in others}
        account = self._context.account
        account_id = artifact.environment.account or account.account_id
        region = artifact.environment.region or account.region
        templates = AssemblyTemplates(assembly, artifact, account, account_id=account_id, region=region)
        return StackSource(
            name=artifact.stack_name,
            account_id=account_id,
            region=region,
            template=artifact.template,
            given={**artifact.parameters, **mine},
            asset=lambda bucket, key: _asset(assembly, bucket, key),
            include=templates.snippet,
            nested_template=templates.nested,
            source_map=assembly.source_map,
            publish=publisher.publish_named,
            record_images=publisher.record_images,
            image=functools.partial(image_source, assembly),
            layer=assembly.layer_overrides.of,
            tags=artifact.tags,
            look_ups=assembly.look_ups,
            notification_arns=artifact.notification_arns,
        )

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

    def _refuse_taken_names(self, chosen: Sequence[StackArtifact], mine: Mapping[_Identity, DeployedStack]) -> None:
        home = self._context.account
        taken = []
        for artifact in chosen:
            account, region = artifact.environment.account or home.account_id, artifact.environment.region
            identity = (account, region or home.region, artifact.stack_name)
            if self._engine.stacks.find(*identity) not in (None, mine.get(identity)):
                taken.append(artifact)
        if taken:
            raise DeploymentError(
                *(
                    Diagnostic(
                        problem=f"a stack called {artifact.stack_name} is deployed already{self._maker_of(artifact)}",
                        code="LK301",
                        path=artifact.template.path,
                        hint="destroy the deployment that made it first, or use another Harness",
                    )
                    for artifact in taken
                )
            )

    def _maker_of(self, artifact: StackArtifact) -> str:
        makers = (
            each.id for each in self._deployments.values() if artifact.stack_name in {s.name for s in each.stacks}
        )
        return f", by {next(makers, 'the CloudFormation API')}"

    def _refuse_used_exports(self, stack: DeployedStack, deployment: Deployment) -> list[Diagnostic]:
        stacks = self._engine.stacks
        used = {
            name: importer.name
            for name in stack.exports
            for importer in stacks.importers(stack, name)
            if importer not in deployment.stacks
        }
        return [
            Diagnostic(
                problem=f"Export {name} cannot be deleted as it is in use by {importer}",
                code="LK321",
                pointer=f"{stack.name}: Outputs",
                hint="destroy the deployment that uses it first",
            )
            for name, importer in used.items()
        ]

    def _take_back(self, undo: UndoLog, failure: BaseException) -> None:
        """Undoes every step; what refuses to go is told beside what failed, not instead of it."""
        left = undo.run()
        if left and isinstance(failure, LambdakitError):
            raise type(failure)(*failure.diagnostics, *left) from failure

    def _ended(self, deployment: Deployment, status: str, started: float) -> float:
        duration_ms = (time.perf_counter() - started) * 1000
        self._trace.append(
            DeploymentEnded(
                deployment=deployment.id,
                status=status,
                duration_ms=duration_ms,
                resources=len(deployment.resources),
            )
        )
        return duration_ms


def _identity(stack: DeployedStack) -> _Identity:
    return (stack.account_id, stack.region, stack.name)


def _asset(assembly: CloudAssembly, bucket: str, key: str) -> Path | None:
    asset = assembly.assets.find(bucket, key)
    if asset is None:
        return None
    asset.check_links()
    return asset.path


def _versions(stacks: Sequence[DeployedStack]) -> dict[str, int]:
    """How often each was changed."""
    return {stack.stack_id: stack.record.version for stack in stacks}
