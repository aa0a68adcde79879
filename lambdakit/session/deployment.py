"""A deployment as its owner sees it: stacks, outputs, functions and the URLs of its APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass
from lambdakit.session import permission_report, reachability
from lambdakit.session.control_api import ControlApi
from lambdakit.session.functions import DeployedFunction
from lambdakit.session.lookup import described, find_one
from lambdakit.session.permissions import Permissions
from lambdakit.session.reachability import Reachability
from lambdakit.session.sources import AssemblySources
from lambdakit.session.trace_view import TraceView

if TYPE_CHECKING:
    import httpx

DeploymentStatus = Literal["DEPLOYED", "UPDATED", "DESTROYED"]

# No front door of AWS's waits longer for a function; the rest is the cold start of a big one.
_HTTP_SECONDS: Final = 90.0
_LISTENER: Final = "load_balancer_listener"
_WEBSOCKET: Final = "websocket_api"
# What stands in front of others, or beside them: meant by its name, or where there is nothing else.
_CONTENT: Final = ("distribution", "website")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedResource:
    """One resource of a stack. path: its construct path; empty where the assembly does not tell."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    attributes: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One stack. resources: by logical id."""

    name: str
    stack_id: str
    status: str
    outputs: Mapping[str, str]
    resources: Mapping[str, DeployedResource]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedApi:
    """One front door. kind: `http_api`, `rest_api` …; url: its base URL on this machine."""

    name: str
    api_id: str
    logical_id: str
    stack: str
    path: str
    kind: str
    url: str

    @property
    def also_called(self) -> tuple[str, ...]:
        """The API's id."""
        return (self.api_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the harness said of the deployment when it last changed."""

    id: str
    duration_ms: float
    stacks: Mapping[str, DeployedStack]
    functions: tuple[DeployedFunction, ...]
    apis: tuple[DeployedApi, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """What is asked for. stacks: None for all of the assembly's; parameters: None for the templates' defaults."""

    source: object
    stacks: Sequence[str] | None
    parameters: Mapping[str, str] | None

    def to_wire(self, sources: AssemblySources) -> dict[str, object]:
        """The request's body, with the source made an assembly."""
        assembly = sources.assembly_of(self.source)
        stacks = assembly.stacks if self.stacks is None else self.stacks
        return {
            "assembly": str(assembly.directory),
            "stacks": None if stacks is None else list(stacks),
            "parameters": None if self.parameters is None else dict(self.parameters),
        }


@dataclass(slots=True, kw_only=True)
class Deployment:
    """Stacks that run in a harness. Changes with `update`, and is of no use after `destroy`."""

    _control: ControlApi = field(repr=False)
    _trace: TraceView = field(repr=False)
    _sources: AssemblySources = field(repr=False)
    _state: _State = field(repr=False)
    _status: DeploymentStatus = "DEPLOYED"

    @property
    def id(self) -> str:
        """The harness's name for the deployment."""
        return self._state.id

    @property
    def status(self) -> DeploymentStatus:
        """Whether it is as it was first deployed, was updated since, or is gone."""
        return self._status

    @property
    def duration_ms(self) -> float:
        """How long the last deployment or update took in the harness, synthesis not included."""
        return self._state.duration_ms

    @property
    def stacks(self) -> Mapping[str, DeployedStack]:
        """The stacks by name; by `account/region/name` where several have the same."""
        return self._state.stacks

    @property
    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """Stack name -> output -> value."""
        return {name: stack.outputs for name, stack in self._state.stacks.items()}

    @property
    def functions(self) -> tuple[DeployedFunction, ...]:
        """Every function, those that the CDK added for itself included."""
        return self._state.functions

    @property
    def apis(self) -> tuple[DeployedApi, ...]:
        """Every front door that has a URL."""
        return self._state.apis

    def function(self, name: str) -> DeployedFunction:
        """The function called `name`: its physical name, logical id, construct path, or a unique part of either.

        A construct id is preferred to a mere part of a name. HarnessError when none or several are meant.
        """
        return find_one("function", name, self.functions)

    def api(self, name: str | None = None) -> DeployedApi:
        """The API called `name`, found as a function is; absence means the only one there is.

        A load balancer counts once, whatever its listeners: those are asked for by name. Where there are APIs,
        distributions and websites do not count; where there are distributions, websites do not.
        HarnessError when none or several are meant.
        """
        if name is not None:
            return find_one("api", name, self.apis)
        apis = _first_of_all([api for api in self.apis if api.kind != _LISTENER])
        if len(apis) == 1:
            return apis[0]
        if not self.apis:
            raise HarnessError(Diagnostic(pointer="http", problem="the deployment has no API", code="LK545"))
        problem = f"the deployment has {len(self.apis)} APIs: {'; '.join(described(api) for api in self.apis)}"
        hint = f'name one of them, http("{self.apis[0].name}")'
        raise HarnessError(Diagnostic(pointer="http", problem=problem, code="LK544", hint=hint))

    def http(self, name: str | None = None) -> httpx.Client:
        """An HTTP client on the API's base URL, the caller's to close; `name` as in `api`.

        It reads no proxy settings and does not follow redirects. WebSocket APIs do not count: HarnessError for one.
        """
        import httpx

        speaking_http = _first_of_all([api for api in self.apis if api.kind not in (_WEBSOCKET, _LISTENER)])
        api = speaking_http[0] if name is None and len(speaking_http) == 1 else self.api(name)
        if api.kind == _WEBSOCKET:
            problem = f"{api.name} is a WebSocket API, which answers no HTTP requests"
            hint = f'connect any WebSocket client to deployment.api("{api.name}").url, {api.url}'
            raise HarnessError(Diagnostic(pointer="http", problem=problem, code="LK545", hint=hint))
        return httpx.Client(base_url=api.url, trust_env=False, timeout=_HTTP_SECONDS)

    def update(
        self, source: object, *, stacks: Sequence[str] | None = None, parameters: Mapping[str, str] | None = None
    ) -> None:
        """Makes the deployment what `source` says now; the arguments are those of `Harness.deploy`."""
        request = DeploymentRequest(source=source, stacks=stacks, parameters=parameters)
        wire = self._control.put(self._path(), request.to_wire(self._sources))
        self._state = _read_state(wire, self._control, self._trace)
        self._status = "UPDATED"

    def reset(self) -> None:
        """Brings back the state right after the last `deploy` or `update`: data, queues, warm environments.

        What was deleted or set up differently through an API meanwhile is made anew, and so is all that was created
        after it: under the same names, though not with the ids that a service draws, such as an API's and its URL's.
        """
        answer = self._control.post(f"{self._path()}/reset")
        if "deployment" in answer:
            self._state = _read_state(answer["deployment"], self._control, self._trace)

    def destroy(self) -> None:
        """Deletes every resource. Harmless when repeated."""
        if self._status != "DESTROYED":
            self._control.delete(self._path())
            self._status = "DESTROYED"

    @property
    def permissions(self) -> Permissions:
        """What each role did since the deployment or its last reset, may do and never did, and was refused.

        Read anew each time. HarnessError under `enforce_iam="off"`, where nothing is decided.
        """
        return permission_report.read_wire(self._control.get(f"{self._path()}/permissions"), self.functions)

    @property
    def reachability(self) -> Reachability:
        """What each function reaches through its network: `deployment.reachability["fn"]["dynamodb"]`."""
        path = f"{self._path()}/reachability"

        def ask(name: str) -> Mapping[str, Any]:
            return self._control.get(f"{path}?also={quote(name, safe='')}")

        return reachability.read_wire(self._control.get(path), self.functions, ask)

    def _path(self) -> str:
        if self._status == "DESTROYED":
            problem = f"the deployment {self.id} was destroyed"
            raise HarnessError(Diagnostic(problem=problem, code="LK543", hint="deploy the source again"))
        return f"/_lambdakit/deployments/{self.id}"


def deploy(
    request: DeploymentRequest, *, control: ControlApi, trace: TraceView, sources: AssemblySources
) -> Deployment:
    """A new deployment of what the request names."""
    wire = control.post("/_lambdakit/deployments", request.to_wire(sources))
    state = _read_state(wire, control, trace)
    return Deployment(_control=control, _trace=trace, _sources=sources, _state=state)


def _first_of_all(apis: list[DeployedApi]) -> list[DeployedApi]:
    """Those that a door without a name means."""
    for kind in reversed(_CONTENT):
        others = [api for api in apis if api.kind != kind]
        apis = others or apis
    return apis


def _read_state(wire: Mapping[str, Any], control: ControlApi, trace: TraceView) -> _State:
    return _State(
        id=wire["id"],
        duration_ms=wire["duration_ms"],
        stacks={name: _read_stack(name, stack) for name, stack in wire["stacks"].items()},
        functions=tuple(DeployedFunction(**function, _control=control, _trace=trace) for function in wire["functions"]),
        apis=tuple(DeployedApi(**api) for api in wire["apis"]),
    )


def _read_stack(name: str, wire: Mapping[str, Any]) -> DeployedStack:
    resources = {
        logical_id: DeployedResource(logical_id=logical_id, **resource)
        for logical_id, resource in wire["resources"].items()
    }
    return DeployedStack(
        name=name, stack_id=wire["stack_id"], status=wire["status"], outputs=wire["outputs"], resources=resources
    )
