"""What creates, resets and deletes the resources of one CloudFormation type.

In comes a resource with every intrinsic function resolved; out goes what `Ref` and `Fn::GetAtt` give for it. A
provisioner knows nothing of templates, order or other resources.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lambdakit.assembly.image_overrides import ImageSource
from lambdakit.clock import Clock
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.content import Content
from lambdakit.harness.deployment.custom_resource_responses import CustomResourceCalls
from lambdakit.harness.deployment.load_balancer_doors import LoadBalancerDoors
from lambdakit.harness.deployment.names import generated_name
from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.lambda_service.execution_roles import AnyRole, ExecutionRoles
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.file_systems import FileSystems
from lambdakit.records import dataclass
from lambdakit.trace import TraceEvent


class ResourceRefused(Exception):
    """A resource that the service would not create.

    problem: AWS's text where it is known. property: pointer below the resource's properties; empty for the whole.
    """

    def __init__(self, problem: str, *, property_pointer: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.property_pointer = property_pointer
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource to create. properties: resolved; read with `properties.get`, zero and false being values.

    beside_secrets: the same, with references to secrets as they are written; None where there are none.
    generation: how often it was replaced; a generated name follows from it, for both are there for a while.
    metadata: the resource's `Metadata`, not resolved. update_policy: its `UpdatePolicy`, of an alias only.
    keep_when_deleted, keep_when_replaced, keep_when_taken_back: whether it stays when it is no longer wanted, when
    another takes its place, and when the creation of its stack is rolled back; by its policies.
    snapshot_when_deleted, snapshot_when_replaced: whether a snapshot of it is taken before it goes.
    """

    stack: str
    stack_id: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    account_id: str
    region: str
    beside_secrets: Mapping[str, Any] | None = None
    construct_path: str | None = None
    generation: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    update_policy: Mapping[str, Any] = field(default_factory=dict)
    keep_when_deleted: bool = False
    keep_when_replaced: bool = False
    keep_when_taken_back: bool = False
    snapshot_when_deleted: bool = False
    snapshot_when_replaced: bool = False

    def generated_name(self, *, length_max: int, lower_case: bool = False, ending: str = "") -> str:
        """A physical name for when the template gives none."""
        return generated_name(
            self.account_id,
            self.region,
            *((str(self.generation),) if self.generation else ()),
            stack=self.stack,
            logical_id=self.logical_id,
            length_max=length_max,
            lower_case=lower_case,
            ending=ending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What came of a resource. physical_id: what `Ref` gives. attributes: what `Fn::GetAtt` gives, by name."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A resource as it was made, for its update, reset and deletion.

    captured: what `Capturing.capture` returned for it once its deployment was complete; None before, and for others.
    status: as CloudFormation calls it.
    """

    resource: Resource
    provisioned: Provisioned
    captured: Any = None
    status: str = "CREATE_COMPLETE"


class FinishedDeployment(Protocol):
    """What came of a deployment of CodeDeploy."""

    @property
    def id(self) -> str:
        """As the service calls it."""

    @property
    def problem(self) -> str:
        """Why it did not succeed; empty when it did."""


class TrafficShifting(Protocol):
    """Who moves the alias of a function to another version: CodeDeploy."""

    def run(self, place: tuple[str, str], given: Mapping[str, Any], quiet: Callable[[], bool]) -> FinishedDeployment:
        """A deployment, run to its end without waiting for its minutes. See `CodeDeploy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What provisioners work with.

    asset: bucket and key of a file asset -> where it lies in the assembly; None for one that is no asset of it.
    image: stack, logical id and URI of a function's container image -> what there is to run in its place.
    layer: ARN of a layer version of another account -> what stands in for it; None when nobody said.
    note: takes a remark about a function, for the trace. told: takes any other event of it.
    retire: ends the execution environments of a function, given its unqualified ARN.
    open_http_api, open_rest_api, open_websocket_api, open_domain: serve an API by its id, and a custom domain by its
    name, of a region and account.
    load_balancers: serve load balancers; None where nobody does. content: the same of websites and
    distributions.
    code_deploy: moves aliases; None where nobody does.
    flush_logs: writes the lines that functions logged so far, which else come a little later.
    custom_resources: asks the functions behind custom resources.
    lenient: properties that nobody reads are left out rather than refused.
    roles: what Lambda may do with the roles that functions are given.
    files: of file systems; None where no function runs.
    """

    account: Account
    functions: FunctionStores
    layers: LayerStore
    code: CodeStore
    doors: FrontDoors
    clock: Clock
    asset: Callable[[str, str], Path | None]
    note: Callable[[str, str], object]
    retire: Callable[[str], None]
    open_http_api: Callable[[str, str, str], None]
    flush_logs: Callable[[], None]
    custom_resources: CustomResourceCalls
    lenient: bool = False
    roles: ExecutionRoles = field(default_factory=AnyRole)
    files: FileSystems | None = None
    open_domain: Callable[[str, str, str], None] = lambda name, region, account_id: None
    open_websocket_api: Callable[[str, str, str], None] = lambda api_id, region, account_id: None
    open_rest_api: Callable[[str, str, str], None] = lambda api_id, region, account_id: None
    load_balancers: LoadBalancerDoors | None = None
    code_deploy: TrafficShifting | None = None
    content: Content | None = None
    image: Callable[[str, str, str], ImageSource] = lambda stack, logical_id, uri: ImageSource()
    layer: Callable[[str], Path | None] = lambda arn: None
    told: Callable[[TraceEvent], object] = lambda event: None

    def client(self, service: str, resource: Resource) -> Any:
        """A boto3 client in the resource's account and region, whose requests go to moto without a socket."""
        return self.account.client(service, resource.region, resource.account_id)

    def functions_of(self, resource: Resource) -> FunctionStore:
        """The functions of the resource's account."""
        return self.functions.of(resource.account_id)


@contextlib.contextmanager
def undone_on_failure(undo: Callable[[], None]) -> Iterator[None]:
    """Calls `undo` when the block fails: what is only half made would stay in the account, and nobody knew of it."""
    try:
        yield
    except BaseException:
        undo()
        raise


class Provisioner(Protocol):
    """Creates and deletes resources of one type. properties: what it reads of them."""

    @property
    def properties(self) -> PropertyTree:
        """Every property that is read or recorded."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the resource. ResourceRefused, or botocore's ClientError, when the service would not."""

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes a resource in place to what `resource` says, and returns what it gives now.

        Only called when no property that needs a replacement differs: the provider schemas say which those are. It
        leaves the resource as it was when it fails, and calling it with old and new swapped takes it back.
        """

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the resource; one that is gone already is no error."""

    def reset(self, created: Created, context: Context) -> None:
        """Brings back what the resource held right after its deployment: nothing, or what was captured."""


@runtime_checkable
class Capturing(Protocol):
    """A provisioner whose resources may hold something right after their deployment, put there by custom resources."""

    def capture(self, created: Created, context: Context) -> Any:
        """What the resource holds, for `reset` to bring back; called once the deployment is complete."""
