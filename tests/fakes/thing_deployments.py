"""A deployer of things: a type of the test's own, whose resources do what their properties say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.custom_resource_responses import CustomResourceCalls
from lambdakit.harness.deployment.deploy import Deployer
from lambdakit.harness.deployment.deployed import Stacks
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.trace import DeploymentEnded, TraceLog
from tests.fakes.plain_assembly import write_stacks

# The provider schemas say of this one that FifoQueue and QueueName take a new resource, and Thing stands in for it.
REPLACEABLE = "AWS::SQS::Queue"

Things = Mapping[str, Mapping[str, Any]]


@dataclass
class Thing:
    """A type that keeps a list of what was done, and what is there: physical id -> properties."""

    done: list[str] = field(default_factory=list)
    there: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    properties: PropertyTree = field(
        default_factory=lambda: {**reads("Fails Clings Uses Size FifoQueue QueueName"), **records("Kept")}
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        self.done.append(f"create {resource.logical_id}")
        _fail(resource)
        name = resource.properties.get("QueueName") or f"physical-{resource.logical_id}"
        name += f"-{resource.generation}" if resource.generation else ""
        if name in self.there:
            raise ResourceRefused(f"{name} is there already")
        self.there[name] = resource.properties
        return Provisioned(physical_id=name, attributes={"Name": resource.logical_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        self.done.append(f"update {resource.logical_id}")
        _fail(resource)
        self.there[created.provisioned.physical_id] = resource.properties
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        self.done.append(f"delete {created.resource.logical_id}")
        if created.resource.properties.get("Clings"):
            raise ResourceRefused("it is not empty")
        self.there.pop(created.provisioned.physical_id, None)

    def reset(self, created: Created, context: Context) -> None:
        self.done.append(f"reset {created.resource.logical_id}")
        if created.resource.properties.get("Clings"):
            raise ResourceRefused("it is not empty")


def _fail(resource: Resource) -> None:
    if resource.properties.get("Fails") == "refused":
        raise ResourceRefused("no more room", property_pointer="Fails", hint="make room")
    if resource.properties.get("Fails") == "bug":
        raise ZeroDivisionError("a bug")


class ThingDeployments:
    """A deployer whose only types are things, and the nested stack."""

    def __init__(self, directory: Path) -> None:
        clock = HarnessClock()
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731  # five times the same
        self.trace = TraceLog(clock)
        self.thing = Thing()
        self.stacks = Stacks()
        self._directory = directory
        context = Context(
            account=Account(account_id="111122223333", region="eu-west-1"),
            functions=FunctionStores(account_id="111122223333", region="eu-west-1", on_changed=nothing),
            layers=LayerStore(),
            code=CodeStore(directory / "code"),
            doors=FrontDoors(),
            clock=clock,
            asset=lambda bucket, key: None,
            note=nothing,
            retire=nothing,
            open_http_api=nothing,
            flush_logs=nothing,
            custom_resources=CustomResourceCalls(
                base_url=lambda function: "", invoke=lambda function, payload: "", quiet=lambda: True
            ),
        )
        self.deployer = Deployer(
            context,
            provisioner_of={"Test::Thing": self.thing, REPLACEABLE: self.thing}.get,
            trace=self.trace,
            lenient=False,
            stacks=self.stacks,
        )

    def assembly(self, stacks: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
        """An assembly of templates by stack name; see `write_stacks`."""
        return write_stacks(self._directory / "out", stacks, **more)

    def deploy(self, **things: Mapping[str, Any]) -> str:
        """The id of a deployment of one stack with these things."""
        assembly = self.assembly({"stack": template(things)})
        return self.deployer.deploy(assembly, stacks=None, parameters={}).id

    def update(self, deployment: str, **things: Mapping[str, Any]) -> None:
        """Brings the one stack of a deployment to these things."""
        assembly = self.assembly({"stack": template(things)})
        self.deployer.update(deployment, assembly, stacks=None, parameters={})

    def ends(self) -> list[str]:
        """How each deployment, update, reset and destruction ended."""
        return [event.status for event in self.trace.events() if isinstance(event, DeploymentEnded)]


def template(things: Things, **outputs: Any) -> dict[str, Any]:
    """A template of things by logical id. `Type`, `DeletionPolicy` … of one stand beside its properties."""
    attributes = ("Type", "DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "Condition")
    resources = {}
    for name, given in things.items():
        own = {key: given[key] for key in attributes if key in given}
        properties = {key: value for key, value in given.items() if key not in attributes}
        resources[name] = {"Type": "Test::Thing", **own, "Properties": properties}
    return {"Resources": resources, "Outputs": outputs}
