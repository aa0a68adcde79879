"""The one HTTP endpoint of a harness: which part answers a request.

/_lambdakit/…                       control, for the harness's own client
Host: <api>.execute-api.…           that API's front door
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

from lambdakit.harness.account import Account
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.iam.credentials import CredentialRegistry
from lambdakit.harness.lambda_service.control_plane import ControlPlane
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.invoke_api import InvokeApi
from lambdakit.harness.lambda_service.invoke_stream_api import InvokeStreamApi
from lambdakit.harness.moto_state.access_keys import account_of_key
from lambdakit.harness.service_request import ServiceRequest, is_lambda_request, read_service_request
from lambdakit.harness.unserved_request import refusal
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.trace import ServiceCalled, TraceLog

logger = logging.getLogger(__name__)

_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.(?:amazonaws\.com|localhost)(?::\d+)?")
_API_PATH = re.compile(r"/_lambdakit/apis/([a-z0-9]+)(/.*)?")
_JSON = [("Content-Type", "application/json")]


class Endpoint:
    """Answers every request to the harness.

    cloudformation: answers that service's requests, with the region that they are signed for and their caller's
    account; empty for the harness's own.
    control: answers what is below `/_lambdakit/`. before_logs, before_metrics: called before CloudWatch
    Logs, or CloudWatch, is asked anything.
    """

    def __init__(
        self,
        *,
        account: Account,
        doors: FrontDoors,
        invoke: InvokeApi,
        invoke_stream: InvokeStreamApi,
        control_plane: ControlPlane,
        credentials: CredentialRegistry,
        trace: TraceLog,
        control: Callable[[Request], Response],
        cloudformation: Callable[[Request, str, str], Response],
        before_logs: Callable[[], None],
        before_metrics: Callable[[], None],
    ) -> None:
        self._account = account
        self._doors = doors
        self._invoke = invoke
        self._invoke_stream = invoke_stream
        self._control_plane = control_plane
        self._credentials = credentials
        self._trace = trace
        self._control = control
        self._cloudformation = cloudformation
        self._before = {"logs": before_logs, "monitoring": before_metrics}  # by the name that requests are signed for
        # moto lost one of 320 concurrent counter updates and gave a stream record's number twice.
        self._dynamodb = threading.Lock()

    def serve(self, request: Request) -> Response:
        """The answer, whatever happens: a fault of ours is answered with 500 and logged."""
        try:
            return self._route(request)
        except Exception:  # the boundary of a connection's thread
            logger.exception("%s %s", request.method, request.path)
            return refusal(request, 500, "InternalFailure", "the harness failed to answer; its log says why")

    def _route(self, request: Request) -> Response:
        by_path = _API_PATH.fullmatch(request.path)
        if by_path is not None:
            return self._through_door(by_path[1], _below(request, by_path[2] or "/"))
        if request.path.startswith("/_lambdakit/"):
            return self._control(request)
        by_host = _API_HOST.fullmatch(request.headers.get("host"))
        if by_host is not None:
            return self._through_door(by_host[1], request)
        return self._serve_aws(request)

    def _through_door(self, api_id: str, request: Request) -> Response:
        handle = self._doors.handler(api_id)
        if handle is None:
            return Response(status=404, headers=_JSON, body=b'{"message":"Not Found"}')
        return handle(request)

    def _serve_aws(self, request: Request) -> Response:
        started = time.perf_counter()
        named = read_service_request(request)
        account_id = self._account_of(named.access_key_id)
        if is_lambda_request(request):
            response = self._serve_lambda(request, named.region, account_id)
        elif named.service == "cloudformation":
            response = self._cloudformation(request, named.region, account_id)
        elif named.service == "dynamodb":
            with self._dynamodb:
                response = self._account.serve(request, account_id=account_id)
        else:
            if named.service in self._before:
                self._before[named.service]()
            response = self._account.serve(request, account_id=account_id)
        if response.stream is not None:
            return dataclasses.replace(response, stream=self._told(named, started, response.stream))
        self._tell(named, response.status, (time.perf_counter() - started) * 1000)
        return response

    def _told(
        self, named: ServiceRequest, started: float, stream: Callable[[OpenAnswer], None]
    ) -> Callable[[OpenAnswer], None]:
        """A stream of which the trace tells once it is over."""

        def run(answer: OpenAnswer) -> None:
            stream(answer)
            self._tell(named, answer.status, (time.perf_counter() - started) * 1000)

        return run

    def _account_of(self, access_key_id: str) -> str:
        """The account in which a caller acts: that of the function or role it is; empty for the harness's own."""
        caller = self._credentials.caller(access_key_id)
        return account_of_key(access_key_id) if caller is None else caller.account_id

    def _serve_lambda(self, request: Request, region: str, account_id: str) -> Response:
        try:
            if InvokeApi.matches(request):
                return self._invoke.serve(request, region=region, account_id=account_id)
            if InvokeStreamApi.matches(request):
                return self._invoke_stream.serve(request, region=region, account_id=account_id)
            return self._control_plane.serve(request, region=region, account_id=account_id)
        except ServiceFault as fault:
            refusal = fault.response()
            headers = [*refusal.headers, ("x-amzn-RequestId", str(uuid.uuid4()))]
            return Response(status=refusal.status, headers=headers, body=refusal.body)

    def _tell(self, named: ServiceRequest, status: int, duration_ms: float) -> None:
        caller = self._credentials.caller(named.access_key_id)
        if caller is not None:
            self._trace.append(
                ServiceCalled(
                    function=caller.function,
                    environment=caller.environment,
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
