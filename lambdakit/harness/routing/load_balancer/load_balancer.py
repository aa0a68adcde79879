"""A listener of an application load balancer: a request in, its rule found, a target's or its own answer out.

    request -> limits -> rule -> sign-in -> fixed response | redirect | target group -> function | bound server

Source: Application Load Balancers guide, "Listeners for your Application Load Balancers", "Listener rules",
"Troubleshoot your Application Load Balancers".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.load_balancers import Action, BalancerListener, LoadBalancer
from lambdakit.harness.routing.load_balancer.bound_target import IDLE_SECONDS, Bound, bound_target, passed_on
from lambdakit.harness.routing.load_balancer.conditions import choose_rule
from lambdakit.harness.routing.load_balancer.forwarded_fields import check_forwarded_for, passed_fields
from lambdakit.harness.routing.load_balancer.lambda_target import LambdaTarget
from lambdakit.harness.routing.load_balancer.measurements import Measured, measure
from lambdakit.harness.routing.load_balancer.own_answers import SERVER, BalancerRefused
from lambdakit.harness.routing.load_balancer.redirect import fixed_response, redirect, sign_in
from lambdakit.harness.routing.load_balancer.weights import WeightedChoice, keeping_cookies, kept_group
from lambdakit.harness.routing.rest.stage_settings import MetricStore
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import (
    LOAD_BALANCER_FIELD_BYTES_MAX,
    LOAD_BALANCER_HEAD_BYTES_MAX,
)
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR: Final = "load_balancer"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", ""})
_USUAL_PORTS: Final[Mapping[str, int]] = {"HTTP": 80, "HTTPS": 443}
_SET_HEADER: Final = ("routing.http.response.", ".header_value")


@dataclass(slots=True, kw_only=True)
class _Visit:
    """A request on its way. host: the one that it is for. by_loopback: whether it named the loopback address instead.

    remark: what the trace is to say of an answer that went out. action, group_arn, target_seconds: see `Measured`.
    """

    request: Request
    balancer: LoadBalancer
    listener: BalancerListener
    host: str
    by_loopback: bool
    at: datetime
    remark: str = ""
    action: str = ""
    group_arn: str = ""
    target_seconds: float | None = None


class ListenerDoor:
    """Serves one port of a balancer.

    balancer: as it is now; None once it is deleted. bound: what tests bound. localize: a URL of a front door here in
    place of AWS's.
    """

    def __init__(
        self,
        *,
        port: int,
        balancer: Callable[[], LoadBalancer | None],
        functions: LambdaTarget,
        bound: Bound,
        metrics: MetricStore,
        localize: Callable[[str], str],
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._port = port
        self._balancer = balancer
        self._functions = functions
        self._bound = bound
        self._metrics = metrics
        self._localize = localize
        self._choice = WeightedChoice()
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "") -> Response:
        """The balancer's answer, whatever the request. environment: does not matter: nobody is asked who they are."""
        started = self._clock.monotonic()
        balancer = self._balancer()
        request_id, name = random_uuid(), f"port {self._port}" if balancer is None else balancer.name
        method, path = request.method, request.target
        self._trace.append(RequestReceived(request_id=request_id, door=_DOOR, resource=name, method=method, path=path))
        problem = ""
        visit: _Visit | None = None
        try:
            visit = self._visit(request, balancer)
            response = self._answer(visit)
            problem = visit.remark
        except BalancerRefused as refused:
            response, problem = refused.response, refused.problem
        response = self._finished(response, visit)
        if visit is not None:
            self._measure(visit, response.status, problem)
        self._trace.append(
            RequestAnswered(
                request_id=request_id,
                door=_DOOR,
                resource=name,
                method=method,
                path=path,
                status=response.status,
                duration_ms=(self._clock.monotonic() - started) * 1000,
                problem=problem,
            )
        )
        return response

    def reset(self) -> None:
        """Forgets whose turn it is."""
        self._choice.reset()

    def _visit(self, request: Request, balancer: LoadBalancer | None) -> _Visit:
        listener = None if balancer is None else balancer.listeners.get(self._port)
        if balancer is None or listener is None:
            # On AWS nobody would take the connection.
            raise BalancerRefused(503, f"the load balancer has no listener on port {self._port}")
        given = request.headers.get("host")
        by_loopback = _without_port(given) in _LOOPBACK
        usual = _USUAL_PORTS.get(listener.protocol) == listener.port
        own = balancer.dns_name if usual else f"{balancer.dns_name}:{listener.port}"
        return _Visit(
            request=request,
            balancer=balancer,
            listener=listener,
            host=own if by_loopback else given,
            by_loopback=by_loopback,
            at=self._clock.now(),
        )

    def _answer(self, visit: _Visit) -> Response:
        _check_size(visit.request)
        rule = choose_rule(visit.listener.rules, visit.request, _without_port(visit.host))
        if rule is None:
            raise BalancerRefused(503, "the listener has no rule for the request")
        for action in rule.actions:
            response = self._done(action, visit)
            if response is not None:
                return response
        raise BalancerRefused(503, "the rule has no action that answers")

    def _done(self, action: Action, visit: _Visit) -> Response | None:
        """What comes of an action; None when it lets the request on."""
        host, visit.action = _without_port(visit.host), action.type
        if action.type == "fixed-response":
            return fixed_response(action.settings)
        if action.type == "redirect":
            return redirect(action.settings, visit.request, visit.listener, host)
        if action.type == "forward":
            return self._forwarded(action, visit)
        if action.type.startswith("authenticate-"):
            visit.remark = f"{action.type}: nobody can sign in here, so that everybody is a stranger"
            return sign_in(action, visit.listener, visit.balancer.region, visit.host)
        raise BalancerRefused(503, f"the action {action.type} is not served here")

    def _forwarded(self, action: Action, visit: _Visit) -> Response:
        arn = kept_group(action, visit.request, visit.at) or self._choice.choose(action.groups)
        group = visit.balancer.groups.get(arn)
        if group is None:
            raise BalancerRefused(503, f"there is no target group {arn}")
        attributes, visit.group_arn = visit.balancer.attributes, arn
        started = self._clock.monotonic()
        fields = passed_fields(visit.request, visit.listener, attributes, host=visit.host, at=visit.at)
        if group.target_type == "lambda":
            answer = self._functions.answer(visit.request, group, fields)
            response = answer.response
            visit.remark = answer.remark or visit.remark
        else:
            seconds = float(attributes.get("idle_timeout.timeout_seconds", IDLE_SECONDS))
            response = passed_on(visit.request, bound_target(group, self._bound), fields, seconds)
        visit.target_seconds = self._clock.monotonic() - started
        cookies = keeping_cookies(action, arn, visit.at)
        return dataclasses.replace(response, headers=[*response.headers, *cookies])

    def _measure(self, visit: _Visit, status: int, problem: str) -> None:
        measured = Measured(
            status=status,
            action=visit.action,
            group_arn=visit.group_arn,
            target_seconds=visit.target_seconds,
            problem=problem,
        )
        measure(self._metrics, visit.balancer, measured, visit.at)

    def _finished(self, response: Response, visit: _Visit | None) -> Response:
        """With the fields that every answer has, and those that the listener sets."""
        attributes: Mapping[str, str] = {} if visit is None else visit.listener.attributes
        own = [("Date", format_datetime(self._clock.now(), usegmt=True)), SERVER]
        if attributes.get("routing.http.response.server.enabled") == "false":
            own = own[:1]
            response = _without(response, {"server"})
        there = {name.lower() for name, _ in response.headers}
        set_here = _set_headers(attributes)
        response = _without(response, {name.lower() for name, _ in set_here})
        headers = [*response.headers, *((name, value) for name, value in own if name.lower() not in there), *set_here]
        if visit is not None and visit.by_loopback:
            headers = [
                (name, self._localize(value) if name.lower() == "location" else value) for name, value in headers
            ]
        return dataclasses.replace(response, headers=headers)


def _set_headers(attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Source: Application Load Balancers guide, "HTTP header modification for your Application Load Balancer"."""
    begin, end = _SET_HEADER
    return [
        (name.removeprefix(begin).removesuffix(end).replace("_", "-"), value)
        for name, value in attributes.items()
        if name.startswith(begin) and name.endswith(end) and value
    ]


def _without(response: Response, names: set[str]) -> Response:
    if not names:
        return response
    kept = [(name, value) for name, value in response.headers if name.lower() not in names]
    return dataclasses.replace(response, headers=kept)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _check_size(request: Request) -> None:
    """Source: Elastic Load Balancing User Guide, "HTTP header limits": 16 K a line or field, 64 K all fields."""
    if request.method == "TRACE":
        raise BalancerRefused(405, "TRACE is not passed on")
    if len(request.method) + len(request.target) + len(request.http_version) + 2 > LOAD_BALANCER_FIELD_BYTES_MAX:
        raise BalancerRefused(414, f"the URL has {len(request.target)} characters")
    sizes = [len(name) + len(value) + 2 for name, value in request.headers.items]
    if max(sizes, default=0) > LOAD_BALANCER_FIELD_BYTES_MAX or sum(sizes) > LOAD_BALANCER_HEAD_BYTES_MAX:
        raise BalancerRefused(400, f"the header fields have {sum(sizes)} bytes, the longest of them {max(sizes)}")
    check_forwarded_for(request)
