"""The one HTTP endpoint of a harness: which part answers a request.

/_lambdakit/…                       control, for the harness's own client
Host: <api>.execute-api.…           that API's front door
/_lambdakit/apis/<api>/…            the same by path
the Lambda API                      the Lambda service
everything else                     moto
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable

from lambdakit.harness.account import Account
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.iam.credentials import CredentialRegistry
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.invoke_api import InvokeApi
from lambdakit.harness.service_request import ServiceRequest, is_lambda_request, read_service_request
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import ServiceCalled, TraceLog

logger = logging.getLogger(__name__)

_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.(?:amazonaws\.com|localhost)(?::\d+)?")
_API_PATH = re.compile(r"/_lambdakit/apis/([a-z0-9]+)(/.*)?")
_JSON = [("Content-Type", "application/json")]


class Endpoint:
    """Answers every request to the harness.

    control: answers what is below `/_lambdakit/`. before_logs: called before CloudWatch Logs is asked anything.
    """

    def __init__(
        self,
        *,
        account: Account,
        doors: FrontDoors,
        invoke: InvokeApi,
        credentials: CredentialRegistry,
        trace: TraceLog,
        control: Callable[[Request], Response],
        before_logs: Callable[[], None],
    ) -> None:
        self._account = account
        self._doors = doors
        self._invoke = invoke
        self._credentials = credentials
        self._trace = trace
        self._control = control
        self._before_logs = before_logs
        # moto lost one of 320 concurrent counter updates and gave a stream record's number twice.
        self._dynamodb = threading.Lock()

    def serve(self, request: Request) -> Response:
        """The answer, whatever happens: a fault of ours is answered with 500 and logged."""
        try:
            return self._route(request)
        except Exception:  # the boundary of a connection's thread
            logger.exception("%s %s", request.method, request.path)
            body = json.dumps({"message": "the harness failed to answer; its log says why"}).encode()
            return Response(status=500, headers=[*_JSON, ("x-amzn-ErrorType", "InternalFailure")], body=body)

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
        if is_lambda_request(request):
            response = self._serve_lambda(request)
        elif named.service == "dynamodb":
            with self._dynamodb:
                response = self._account.serve(request)
        else:
            if named.service == "logs":
                self._before_logs()
            response = self._account.serve(request)
        self._tell(named, response, (time.perf_counter() - started) * 1000)
        return response

    def _serve_lambda(self, request: Request) -> Response:
        try:
            if InvokeApi.matches(request):
                return self._invoke.serve(request)
            raise ServiceFault(
                "NotImplementedException",
                f"{request.method} {request.path} of the Lambda API is not built yet in this harness; Invoke is",
            )
        except ServiceFault as fault:
            refusal = fault.response()
            headers = [*refusal.headers, ("x-amzn-RequestId", str(uuid.uuid4()))]
            return Response(status=refusal.status, headers=headers, body=refusal.body)

    def _tell(self, named: ServiceRequest, response: Response, duration_ms: float) -> None:
        caller = self._credentials.caller(named.access_key_id)
        if caller is not None:
            self._trace.append(
                ServiceCalled(
                    function=caller.function,
                    environment=caller.environment,
                    service=named.service,
                    operation=named.operation,
                    resource=named.resource,
                    status=response.status,
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
