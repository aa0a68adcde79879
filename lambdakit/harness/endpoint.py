"""The one HTTP endpoint of a harness: which part answers a request.

/_lambdakit/code/…                  the code of functions and layers, by the links of the Lambda API
/_lambdakit/…                       control, for the harness's own client
Host: <api>.execute-api.…           that API's front door; so for <url>.lambda-url.…, <api>.appsync-api.… and domains
/_lambdakit/apis/<api>/…            the same by path
the Lambda API                      the Lambda service
the CloudFormation API              the deployment engine
everything else                     moto
"""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable

from lambdakit.harness.access import Access
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.configuration_calls import ConfigurationCalls
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.lambda_service import code_downloads
from lambdakit.harness.lambda_service.control_plane import ControlPlane
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.invoke_api import InvokeApi
from lambdakit.harness.lambda_service.invoke_stream_api import InvokeStreamApi
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.service_request import ServiceRequest, is_lambda_request, read_service_request
from lambdakit.harness.unserved_request import refusal
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.trace import ServiceCalled, TraceLog

logger = logging.getLogger(__name__)

_API_HOST = re.compile(
    r"([a-z0-9]+)\.(?:(?:execute-api|appsync-api|appsync-realtime-api)\.[a-z0-9-]+\.(?:amazonaws\.com|localhost)"
    r"|lambda-url\.[a-z0-9-]+\.(?:on\.aws|localhost))(?::\d+)?"
)
_API_PATH = re.compile(r"/_lambdakit/apis/([a-z0-9]+)(/.*)?")
_JSON = [("Content-Type", "application/json")]


class Endpoint:
    """Answers every request to the harness.

    cloudformation: answers that service's requests, with the region that they are signed for and their caller's
    account; empty for the harness's own.
    network: what functions reach. control: answers what is below `/_lambdakit/`.
    configuration: learns which calls changed how something is set up.
    before_logs, before_metrics: called before CloudWatch Logs, or CloudWatch, is asked anything.
    """

    def __init__(
        self,
        *,
        account: Account,
        doors: FrontDoors,
        invoke: InvokeApi,
        invoke_stream: InvokeStreamApi,
        control_plane: ControlPlane,
        access: Access,
        network: NetworkGuard,
        trace: TraceLog,
        control: Callable[[Request], Response],
        cloudformation: Callable[[Request, str, str], Response],
        before_logs: Callable[[], None],
        before_metrics: Callable[[], None],
        configuration: ConfigurationCalls,
    ) -> None:
        self._account = account
        self._doors = doors
        self._invoke = invoke
        self._invoke_stream = invoke_stream
        self._control_plane = control_plane
        self._access = access
        self._network = network
        self._trace = trace
        self._control = control
        self._cloudformation = cloudformation
        self._configuration = configuration
        self._before = {"logs": before_logs, "monitoring": before_metrics}  # by the name that requests are signed for
        # moto lost one of 320 concurrent counter updates and gave a stream record's number twice.
        self._dynamodb = threading.Lock()
        account.stand_before("lambda", self._serve_within)  # for services that ask on somebody's behalf

    def serve(self, request: Request, environment: str = "") -> Response:
        """The answer, whatever happens: a fault of ours is answered with 500 and logged.

        environment: the id of the execution environment whose own listener the request came through; empty for others.
        """
        try:
            return self._route(request, environment)
        except Exception:  # the boundary of a connection's thread
            logger.exception("%s %s", request.method, request.path)
            return refusal(request, 500, "InternalFailure", "the harness failed to answer; its log says why")

    def serve_for(self, request: Request, principal: Principal) -> Response:
        """The answer to what an AWS service asks for somebody; its signature names a service and a region only."""
        named = read_service_request(request)
        return self._access.refusal(request, named, principal) or self._noted(request, named, principal)

    def _route(self, request: Request, environment: str) -> Response:
        if request.path.startswith("/_lambdakit/"):
            return self._serve_own(request, environment)
        host = request.headers.get("host")
        by_host = _API_HOST.fullmatch(host)
        if by_host is not None:
            return self._through_door(by_host[1], request, environment)
        domain = self._doors.handler_of_host(host)
        if domain is not None:
            return domain(request, environment)
        return self._serve_aws(request, environment)

    def _serve_own(self, request: Request, environment: str) -> Response:
        """The answer to a path that no service has."""
        by_path = _API_PATH.fullmatch(request.path)
        if by_path is not None:
            return self._through_door(by_path[1], _below(request, by_path[2] or "/"), environment)
        if request.path.startswith(code_downloads.PREFIX):
            return self._control_plane.download(request)
        return self._control(request)

    def _through_door(self, api_id: str, request: Request, environment: str) -> Response:
        handle = self._doors.asked_for(api_id)
        if handle is None:
            return Response(status=404, headers=_JSON, body=b'{"message":"Not Found"}')
        return handle(request, environment)

    def _serve_aws(self, request: Request, environment: str) -> Response:
        started = time.perf_counter()
        named = read_service_request(request)
        principal = self._access.identify(request, named, environment)
        if isinstance(principal, Response):
            return principal
        asker = environment or principal.environment
        way = self._network.verdict(asker, named.service, named.region)
        if way is not None and not way.reachable:
            held = self._network.unanswered(asker, named.service, named.region, way)
            if held is not None:
                return held

        def answer(passed: Request) -> Response:
            return self._noted(passed, named, principal)

        response = self._access.refusal(request, named, principal, way, answer) or answer(request)
        if response.stream is not None and principal.function:
            stream = self._told(named, principal, started, response.stream)
            return dataclasses.replace(response, stream=stream)
        self._tell(named, principal, response.status, (time.perf_counter() - started) * 1000)
        return response

    def _noted(self, request: Request, named: ServiceRequest, principal: Principal) -> Response:
        response = self._answer(request, named, principal)
        if response.status < 300:
            self._configuration.note(request, named)
        return response

    def _answer(self, request: Request, named: ServiceRequest, principal: Principal) -> Response:
        """What the service says to a request that is allowed."""
        account_id = principal.account_id
        if is_lambda_request(request):
            # What a function calls stands in the trace before it has its answer.
            return self._serve_lambda(request, named.region, account_id, answers_first=not principal.function)
        if named.service == "cloudformation":
            return self._cloudformation(request, named.region, account_id)
        if named.service == "dynamodb":
            with self._dynamodb:
                return self._account.serve(request, account_id=account_id)
        if named.service == "sts":
            return self._access.answer(request, named, principal) or self._account.serve(request, account_id=account_id)
        if named.service in self._before:
            self._before[named.service]()
        admitted = self._access.admitted(request, principal)
        response = self._account.serve(admitted, account_id=account_id)
        return self._access.hidden(request, named, principal, response) or response

    def _told(
        self, named: ServiceRequest, principal: Principal, started: float, stream: Callable[[OpenAnswer], None]
    ) -> Callable[[OpenAnswer], None]:
        """A stream of which the trace tells once it is over."""

        def run(answer: OpenAnswer) -> None:
            stream(answer)
            self._tell(named, principal, answer.status, (time.perf_counter() - started) * 1000)

        return run

    def _serve_within(self, request: Request, account_id: str, _: object) -> Response:
        """The Lambda API for the harness's own clients, who have asked whether they may."""
        region = read_service_request(request).region
        return self._serve_lambda(request, region, account_id, answers_first=True)

    def _serve_lambda(self, request: Request, region: str, account_id: str, *, answers_first: bool) -> Response:
        try:
            if InvokeApi.matches(request):
                return self._invoke.serve(request, region=region, account_id=account_id, answers_first=answers_first)
            if InvokeStreamApi.matches(request):
                return self._invoke_stream.serve(request, region=region, account_id=account_id)
            return self._control_plane.serve(request, region=region, account_id=account_id)
        except ServiceFault as fault:
            refusal = fault.response()
            headers = [*refusal.headers, ("x-amzn-RequestId", str(uuid.uuid4()))]
            return Response(status=refusal.status, headers=headers, body=refusal.body)

    def _tell(self, named: ServiceRequest, principal: Principal, status: int, duration_ms: float) -> None:
        if principal.function:
            self._trace.append(
                ServiceCalled(
                    function=principal.function,
                    environment=principal.environment,
                    service=named.service,
                    operation=named.operation,
                    resource=named.resource,
                    status=status,
                    duration_ms=duration_ms,
                )
            )


def _below(request: Request, path: str) -> Request:
    query = f"?{request.query}" if "?" in request.target else ""
    return Request(
        method=request.method,
        target=path + query,
        headers=request.headers,
        body=request.body,
        http_version=request.http_version,
        peer=request.peer,
    )
