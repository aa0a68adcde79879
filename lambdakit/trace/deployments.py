"""What deployments do."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStarted(TraceEvent):
    """A deployment began. stacks: the names, in the order in which they are deployed."""

    deployment: str
    stacks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentEnded(TraceEvent):
    """A deployment ended. status: `CREATED`, `UPDATED`, `DESTROYED`, `RESET` or `FAILED`."""

    deployment: str
    status: str
    duration_ms: float
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChanged(TraceEvent):
    """A resource of a stack.

    status: `CREATED`, `UPDATED`, `REPLACED`, `DELETED`, `RETAINED` or `FAILED`. reason: why it failed.
    """

    stack: str
    logical_id: str
    type: str
    physical_id: str
    status: str
    duration_ms: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedIgnored(TraceEvent):
    """Something the harness does not know was left out, as `unsupported="warn"` asks."""

    stack: str
    logical_id: str
    type: str
    pointer: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingMade(TraceEvent):
    """Something that a template takes to be there, and was not, was made before the template's resources.

    stack: the one that names it. assumed: whether nobody told what it is like. text: what it is like, in words.
    """

    stack: str
    type: str
    physical_id: str
    assumed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecorded(TraceEvent):
    """A container image is recorded: a registry shows it under a tag, and no image was copied.

    stack, logical_id: the resource that names it. source: the image that would have been copied, or the build context.
    digest: of the recorded manifest; empty for a registry that is not of the account's, where nothing is recorded.
    """

    stack: str
    logical_id: str
    source: str
    destination: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRecorded(TraceEvent):
    """A property that the account shows and that nothing acts on here. pointer: within the template."""

    stack: str
    logical_id: str
    type: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShifted(TraceEvent):
    """CodeDeploy moved an alias of a function.

    percent: of its traffic that the new version has now. minutes: until the next step, or the end of the deployment.
    waited: whether they go by on the harness's clock; an update of a stack does not wait for them.
    """

    deployment: str
    function: str
    alias: str
    version: str
    percent: float
    minutes: int
    waited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShiftEnded(TraceEvent):
    """A deployment of CodeDeploy is over. status: as the service calls it. reason: why it failed; empty otherwise."""

    deployment: str
    function: str
    alias: str
    status: str
    reason: str
