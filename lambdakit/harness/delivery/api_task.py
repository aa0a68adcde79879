"""API Gateway tasks of state machines: `arn:aws:states:::apigateway:invoke`, to the APIs of the harness.

Source, unless a line says another: AWS Step Functions Developer Guide, "Create API Gateway REST APIs with Step
Functions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from lambdakit.harness.delivery.firehose_requests import EndpointAnswer, EndpointRequest, EndpointServers, NoAnswer
from lambdakit.harness.delivery.task_forms import encoded, query_pairs
from lambdakit.harness.delivery.task_requests import (
    RUNTIME,
    SESSION,
    Signing,
    add_signature,
    grouped,
    headers_of,
    method_of,
    required,
    result_of,
)
from lambdakit.harness.moto_state.state_calls import TaskCall, TaskCallFailed

if TYPE_CHECKING:
    from lambdakit.harness.iam.credentials import Credentials

# API Gateway Developer Guide, "Amazon API Gateway quotas": the longest that an integration may take by default, a
# little more of which is no answer of the API's own.
SECONDS_MAX: Final = 35.0
_SERVICE: Final = "states.amazonaws.com"
_SIGNED_FOR: Final = "execute-api"
_HOST: Final = re.compile(r"[0-9a-z]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_REFUSED_HEADERS: Final = frozenset(
    {"authorization", "connection", "content-md5", "expect", "host", "max-forwards", "proxy-authenticate", "server"}
    | {"te", "transfer-encoding", "trailer", "upgrade", "via", "www-authenticate"}
)
_REFUSED_PREFIXES: Final = ("x-forwarded", "x-amz", "x-amzn")
_PATH_SAFE: Final = "/-._~!$&'()*+,;=:@%"


class ApiTasks:
    """Makes the requests."""

    def __init__(self, servers: EndpointServers, signing: Signing) -> None:
        self._servers = servers
        self._signing = signing

    def call(self, task: TaskCall) -> Mapping[str, Any]:
        """The task's result. TaskCallFailed."""
        host = required(task.given, "ApiEndpoint")
        named = _HOST.fullmatch(host)
        if named is None:
            form = "<API ID>.execute-api.<region>.amazonaws.com"
            raise TaskCallFailed(RUNTIME, f"The field 'ApiEndpoint' is {host}, and must be of the form {form}")
        answer = self._ask(self._signed(task, _request(task.given, host), named[1]), host)
        if not 200 <= answer.status < 300:
            raise TaskCallFailed(f"ApiGateway.{answer.status}", answer.body.decode(errors="replace"))
        try:
            return result_of(answer, grouped(answer.headers, lower=False))
        except UnicodeDecodeError:
            raise TaskCallFailed(RUNTIME, "The response cannot be read as a text") from None

    def _signed(self, task: TaskCall, request: EndpointRequest, region: str) -> EndpointRequest:
        """ "Authentication and authorization": the API itself decides about who signs."""
        kind = task.given.get("AuthType", "NO_AUTH")
        if kind == "NO_AUTH":
            return request
        if kind == "IAM_ROLE":
            return _sign(request, self._signing.sign_in(task.role_arn, SESSION), region)
        if kind == "RESOURCE_POLICY":
            return _sign(request, self._signing.sign_in_service(_SERVICE, task.machine_arn), region)
        kinds = "NO_AUTH, IAM_ROLE and RESOURCE_POLICY"
        raise TaskCallFailed(RUNTIME, f"The field 'AuthType' is {json.dumps(kind)}, and must be one of {kinds}")

    def _ask(self, request: EndpointRequest, host: str) -> EndpointAnswer:
        address = self._servers.find(request.url)
        if address is None:
            # The guide has `ApiGateway.<Exception>` where there is no status, and names none.
            raise TaskCallFailed("ApiGateway.UnknownHostException", f"{host}: there is no such API here")
        try:
            return self._servers.send(request, address, seconds=SECONDS_MAX)
        except NoAnswer as nothing:
            exception = "SocketTimeoutException" if nothing.is_late else "SocketException"
            raise TaskCallFailed(f"ApiGateway.{exception}", f"{host}: {nothing}") from None


def _request(given: Mapping[str, Any], host: str) -> EndpointRequest:
    """The request, without a signature. TaskCallFailed."""
    method = method_of(given)
    headers = headers_of(given, _REFUSED_HEADERS, _REFUSED_PREFIXES)
    body = _body(given)
    if body and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = ["application/json"]
    try:
        query = encoded(query_pairs(given.get("QueryParameters")))
    except ValueError as error:
        raise TaskCallFailed(RUNTIME, f"The field 'QueryParameters' is not valid: {error}") from None
    stage, below = str(given.get("Stage") or ""), str(given.get("Path") or "").lstrip("/")
    path = f"/{stage}/{below}" if stage else f"/{below}"
    url = f"https://{host}{quote(path, safe=_PATH_SAFE)}" + (f"?{query}" if query else "")
    return EndpointRequest(method=method, url=url, headers={**headers, "Host": host}, body=body, plain=body)


def _body(given: Mapping[str, Any]) -> bytes:
    """Null values are sent where `AllowNullValues` says so."""
    body = given.get("RequestBody")
    if body is None or (body == {} and given.get("Method") not in ("POST", "PUT", "PATCH")):
        return b""
    if isinstance(body, str):
        return body.encode()
    kept = body if given.get("AllowNullValues") is True else _without_nulls(body)
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _sign(request: EndpointRequest, credentials: Credentials, region: str) -> EndpointRequest:
    from botocore.awsrequest import AWSRequest

    # Of the task's own headers none is signed: a proxy may change them, and botocore's have one value each.
    unsigned = AWSRequest(request.method, request.url, {}, request.body)
    add_signature(unsigned, credentials, _SIGNED_FOR, region)
    headers = {**request.headers, **{str(name): str(value) for name, value in unsigned.headers.items()}}
    return EndpointRequest(
        method=request.method, url=request.url, headers=headers, body=request.body, plain=request.plain
    )
