"""The control calls of the harness's own client, below `/_lambdakit/`.

They deploy what lies in directories of this machine, so all but `health` and `clock` ask for the token that the
process was started with.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from lambdakit.clock import Clock
from lambdakit.errors import Diagnostic, HarnessError, LambdakitError, error_to_wire
from lambdakit.harness.deployment.deploy import Deployer
from lambdakit.harness.deployment.deployed import Deployment
from lambdakit.harness.deployment.deployment_wire import standing_apis, to_wire
from lambdakit.harness.deployment.permission_report import PermissionReport
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.deployment.reachability_report import ReachabilityReport
from lambdakit.harness.drain import Drain
from lambdakit.harness.network.bind_calls import BindCalls
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import TraceLog, event_to_wire

logger = logging.getLogger(__name__)

_OPEN = frozenset({("GET", "/_lambdakit/health"), ("GET", "/_lambdakit/clock"), ("POST", "/_lambdakit/clock")})
_DEPLOYMENT = re.compile(r"/_lambdakit/deployments/([A-Za-z0-9-]+)(?:/(reset|permissions|reachability))?")
_WAIT_SECONDS_MAX = 60.0
_REST_SECONDS: Final = 60.0
_REST_SECONDS_MAX: Final = 7 * 24 * 3600.0

JsonObject = dict[str, Any]


class Control:
    """Answers control calls.

    drain: waits until nothing is in flight, and moves the clock.
    health: what `GET /_lambdakit/health` says.
    prepare: begins to build the images of runtimes that will be needed, and returns at once.
    send_records: hands records to a mapping, by its name, and returns the mapping's UUID.
    was_reset: called once the account is as it was right after a deployment.
    permissions, reachability: what is told of a deployment's roles, and of what its functions reach over their network.
    """

    def __init__(
        self,
        *,
        token: str,
        deployer: Deployer,
        doors: FrontDoors,
        trace: TraceLog,
        clock: Clock,
        drain: Drain,
        health: Callable[[], Mapping[str, str]],
        prepare: Callable[[Sequence[str]], None],
        binds: BindCalls,
        send_records: Callable[[str, Sequence[object]], str],
        permissions: PermissionReport,
        reachability: ReachabilityReport,
        was_reset: Callable[[], None],
    ) -> None:
        self._token = token
        self._deployer = deployer
        self._doors = doors
        self._trace = trace
        self._clock = clock
        self._settling = drain
        self._health = health
        self._prepare = prepare
        self._binds = binds
        self._send_records = send_records
        self._permissions = permissions
        self._reachability = reachability
        self._was_reset = was_reset

    def serve(self, request: Request) -> Response:
        """The answer: JSON, or the error as `errors.error_to_wire` writes it."""
        if (request.method, request.path) not in _OPEN and not self._has_token(request):
            return _answer(403, {"message": "this call needs the harness's token"})
        try:
            return _answer(200, self._route(request))
        except LambdakitError as error:
            return _answer(400, error_to_wire(error))
        except Exception as error:  # the boundary to another process
            logger.exception("%s %s", request.method, request.path)
            problem = f"the harness failed: {type(error).__name__}: {error}"
            return _answer(500, error_to_wire(HarnessError(Diagnostic(problem=problem, code="LK500"))))

    def _has_token(self, request: Request) -> bool:
        return bool(self._token) and hmac.compare_digest(
            request.headers.get("x-lambdakit-token").encode(), self._token.encode()
        )

    def _route(self, request: Request) -> Mapping[str, Any]:
        match request.method, request.path:
            case "GET", "/_lambdakit/health":
                return self._health()
            case "GET", "/_lambdakit/trace":
                return self._events(request)
            case "POST", "/_lambdakit/deployments":
                return self._deploy(_json(request))
            case "POST", "/_lambdakit/runtimes":
                self._prepare([str(name) for name in _json(request).get("runtimes") or ()])
                return {}
            case "POST", "/_lambdakit/outside":
                return {"note": self._binds.serve(_json(request))}
            case "POST", "/_lambdakit/records":
                return self._send(_json(request))
            case "POST", "/_lambdakit/drain":
                return self._drain(_json(request))
            case "GET" | "POST" as method, "/_lambdakit/clock":
                return self._advance(_json(request)) if method == "POST" else {"now": self._clock.now().isoformat()}
            case method, path if (match := _DEPLOYMENT.fullmatch(path)) is not None:
                return self._of_deployment(method, match[1], match[2] or "", request)
        raise _no_such_call(request)

    def _deploy(self, body: JsonObject) -> Mapping[str, Any]:
        return self._deployed(self._deployer.deploy(Path(str(body.get("assembly"))), **_choices(body)))

    def _of_deployment(self, method: str, deployment_id: str, what: str, request: Request) -> Mapping[str, Any]:
        match method, what:
            case "PUT", "":
                body = _json(request)
                directory = Path(str(body.get("assembly")))
                return self._deployed(self._deployer.update(deployment_id, directory, **_choices(body)))
            case "DELETE", "":
                self._destroy(deployment_id)
                return {}
            case "POST", "reset":
                return self._reset(deployment_id)
            case "GET", "permissions":
                return self._permissions.of(self._deployer.get(deployment_id))
            case "GET", "reachability":
                also = parse_qs(request.query).get("also", [])
                return self._reachability.of(self._deployer.get(deployment_id), also)
        raise _no_such_call(request)

    def _deployed(self, deployment: Deployment) -> Mapping[str, Any]:
        self._permissions.begin(deployment)
        return self._wire(deployment)

    def _reset(self, deployment_id: str) -> Mapping[str, Any]:
        """The deployment when some of its resources were made anew, and may go by other ids; else nothing."""
        renewed = self._deployer.reset(deployment_id)
        self._was_reset()
        deployment = self._deployer.get(deployment_id)
        self._permissions.reset(deployment)
        return {"deployment": self._wire(deployment)} if renewed else {}

    def _destroy(self, deployment_id: str) -> None:
        # Once the deployment is gone, nothing tells which roles it had.
        roles = self._permissions.roles_of(self._deployer.get(deployment_id))
        self._deployer.destroy(deployment_id)
        self._permissions.forget(roles)

    def _send(self, body: JsonObject) -> Mapping[str, Any]:
        records = body.get("records")
        if not isinstance(records, list):
            raise HarnessError(Diagnostic(pointer="records", problem=f"{records!r} is not a list", code="LK571"))
        return {"mapping": self._send_records(str(body.get("mapping")), records)}

    def _drain(self, body: JsonObject) -> Mapping[str, Any]:
        seconds = min(_number(body.get("timeout_seconds", 30), "timeout_seconds"), _REST_SECONDS_MAX)
        timers = self._settling.wait(seconds, advance=bool(body.get("advance")))
        return {
            "scheduled": [
                {"what": timer.label, "due": timer.due.isoformat(), "recurring": timer.recurring} for timer in timers
            ]
        }

    def _advance(self, body: JsonObject) -> Mapping[str, Any]:
        step = body.get("advance_seconds")
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 <= step < float("inf"):
            problem = f"advance_seconds: {step!r} is not a number of seconds of 0 or more"
            raise HarnessError(Diagnostic(problem=problem, code="LK542", hint='send {"advance_seconds": 60}'))
        seconds = min(_number(body.get("timeout_seconds", _REST_SECONDS), "timeout_seconds"), _REST_SECONDS_MAX)
        settle = body.get("settle", True) is not False
        try:
            duration = timedelta(seconds=step)
        except OverflowError:
            duration = timedelta.max
        return {"now": self._settling.advance(duration, timeout_seconds=seconds, settle=settle).isoformat()}

    def _events(self, request: Request) -> Mapping[str, Any]:
        query = parse_qs(request.query)
        after = int(_number(query.get("after", ["0"])[0], "after"))
        wait = min(_number(query.get("wait_seconds", ["0"])[0], "wait_seconds"), _WAIT_SECONDS_MAX)
        events = self._trace.wait(after=after, timeout_seconds=wait)
        return {"events": [event_to_wire(event) for event in events]}

    def _wire(self, deployment: Deployment) -> Mapping[str, Any]:
        ids = {*(created.provisioned.physical_id for created in deployment.resources), *standing_apis(deployment)}
        doors = {physical_id: door for physical_id in ids if (door := self._doors.address(physical_id)) is not None}
        return to_wire(deployment, doors)


def _no_such_call(request: Request) -> HarnessError:
    return HarnessError(Diagnostic(problem=f"no such call: {request.method} {request.path}", code="LK504"))


def _choices(body: JsonObject) -> JsonObject:
    """Which stacks, None for all, and the values of parameters."""
    stacks, parameters = body.get("stacks"), body.get("parameters") or {}
    return {
        "stacks": None if stacks is None else [str(name) for name in stacks],
        "parameters": {str(name): str(value) for name, value in parameters.items()},
    }


def _number(value: object, name: str) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise HarnessError(Diagnostic(problem=f"{name}: {value!r} is not a number of 0 or more", code="LK504"))
    return number


def _json(request: Request) -> JsonObject:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise HarnessError(Diagnostic(problem=f"the call's body is not JSON: {error}", code="LK504")) from None
    if not isinstance(body, dict):
        raise HarnessError(Diagnostic(problem="the call's body is not an object", code="LK504"))
    return body


def _answer(status: int, body: Mapping[str, Any]) -> Response:
    return Response(
        status=status, headers=[("Content-Type", "application/json")], body=json.dumps(body, default=str).encode()
    )
