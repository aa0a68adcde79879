"""HTTP tasks of state machines: `arn:aws:states:::http:invoke`, with what a connection adds to the request.

Source, unless a line says another: AWS Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from lambdakit.harness.delivery.connection_authorization import authorization, pairs
from lambdakit.harness.delivery.delivery import NotDelivered
from lambdakit.harness.delivery.firehose_requests import EndpointAnswer, EndpointRequest, EndpointServers, NoAnswer
from lambdakit.harness.delivery.task_forms import ARRAY_FORMAT, ARRAY_FORMATS, encoded, form, query_pairs
from lambdakit.harness.delivery.task_requests import (
    RUNTIME,
    SESSION,
    Signing,
    body_of,
    grouped,
    headers_of,
    method_of,
    required,
    result_of,
)
from lambdakit.harness.moto_state.connections import Connection, find_connection
from lambdakit.harness.moto_state.state_calls import TaskCall, TaskCallFailed

SECONDS_MAX: Final = 60.0
_PERMISSIONS: Final = "States.Permissions"
_NO_ANSWER: Final = "States.Http.Socket"
_CONNECTION: Final = "Events.ConnectionResource"
_MEMBERS: Final = frozenset(
    {"ApiEndpoint", "Method", "Authentication", "InvocationConfig", "Headers", "QueryParameters", "Transform"}
    | {"RequestBody"}
)
_REFUSED_HEADERS: Final = frozenset(
    {"a-im", "accept-charset", "accept-datetime", "accept-encoding", "authorization", "cache-control", "connection"}
    | {"content-encoding", "content-md5", "date", "expect", "forwarded", "from", "host", "http2-settings", "if-match"}
    | {"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards", "origin", "pragma"}
    | {"proxy-authorization", "referer", "server", "te", "trailer", "transfer-encoding", "upgrade", "via", "warning"}
)
_REFUSED_PREFIXES: Final = ("x-forwarded-", "x-amz-", "x-amzn-")
_JSON: Final = "application/json; charset=UTF-8"
_FORM: Final = "application/x-www-form-urlencoded"
# "Unsupported HTTP Task responses".
_UNREADABLE: Final = ("image/", "video/", "audio/", "application/octet-stream")


class HttpTasks:
    """Makes the requests."""

    def __init__(self, servers: EndpointServers, signing: Signing) -> None:
        self._servers = servers
        self._signing = signing

    def call(self, task: TaskCall) -> Mapping[str, Any]:
        """The task's result. TaskCallFailed."""
        given = task.given
        unknown = sorted(set(given) - _MEMBERS)
        if unknown:
            raise TaskCallFailed(RUNTIME, f"The field '{unknown[0]}' is not supported by an HTTP task")
        endpoint, method = required(given, "ApiEndpoint"), method_of(given)
        self._permit(task, endpoint, method)
        connection = self._connection(task)
        answer = self._ask(self._request(task, endpoint, method, connection))
        if not 200 <= answer.status < 300:
            said = answer.body.decode(errors="replace") or answer.reason
            raise TaskCallFailed(f"States.Http.StatusCode.{answer.status}", said)
        return _result(answer)

    def _permit(self, task: TaskCall, endpoint: str, method: str) -> None:
        keys = {"states:httpmethod": (method,), "states:httpendpoint": (endpoint,)}
        refused = self._signing.role_refusal(
            task.role_arn, SESSION, "states:InvokeHTTPEndpoint", task.machine_arn, keys
        )
        if refused is not None:
            raise TaskCallFailed(_PERMISSIONS, refused)

    def _connection(self, task: TaskCall) -> Connection:
        """The task's connection, which its role may use. TaskCallFailed, as in "Connection errors"."""
        both = [task.given[name] for name in ("InvocationConfig", "Authentication") if name in task.given]
        if len(both) != 1 or not isinstance(both[0], Mapping):
            raise TaskCallFailed(RUNTIME, "One of 'InvocationConfig' and 'Authentication' must name a connection")
        arn = required(both[0], "ConnectionArn")
        connection = find_connection(arn)
        if connection is None:
            raise TaskCallFailed(f"{_CONNECTION}.ResourceNotFound", f"Connection {arn} does not exist.")
        needed = [
            ("events:RetrieveConnectionCredentials", arn),
            ("secretsmanager:DescribeSecret", connection.secret_arn),
            ("secretsmanager:GetSecretValue", connection.secret_arn),
        ]
        for action, resource in needed:
            refused = self._signing.role_refusal(task.role_arn, SESSION, action, resource)
            if refused is not None:
                raise TaskCallFailed(f"{_CONNECTION}.AccessDenied", refused)
        if connection.state != "AUTHORIZED":
            raise TaskCallFailed(f"{_CONNECTION}.InvalidConnectionState", f"Connection {arn} is {connection.state}.")
        return connection

    def _request(self, task: TaskCall, endpoint: str, method: str, connection: Connection) -> EndpointRequest:
        """The request, in which what the connection says goes first. TaskCallFailed."""
        given, more = task.given, connection.parameters.get("InvocationHttpParameters") or {}
        parts = urlsplit(endpoint)
        try:
            signed = authorization(connection.authorization, connection.parameters, self._token)
            asked = [*query_pairs(parts.query), *query_pairs(given.get("QueryParameters"))]
        except NotDelivered as refused:
            raise TaskCallFailed(f"{_CONNECTION}.InvalidConnectionState", str(refused)) from None
        except ValueError as error:
            raise TaskCallFailed(RUNTIME, f"The field 'QueryParameters' is not valid: {error}") from None
        of_connection = pairs(more.get("QueryStringParameters"))
        query = [*(pair for pair in asked if pair[0] not in of_connection), *of_connection.items()]
        headers = _Headers(headers_of(given, _REFUSED_HEADERS, _REFUSED_PREFIXES))
        headers.put({**pairs(more.get("HeaderParameters")), **signed})
        body, kind = _body(given, pairs(more.get("BodyParameters")))
        headers.add("Content-Type", kind)
        fixed = {"User-Agent": f"Amazon|StepFunctions|HttpInvoke|{task.region}", "Range": "bytes=0-262144"}
        headers.put({**fixed, "Host": parts.netloc.rpartition("@")[2]})
        url = parts._replace(query=encoded(query), fragment="").geturl()
        return EndpointRequest(method=method, url=url, headers=headers.values, body=body, plain=body)

    def _token(
        self, method: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Asks where a connection's token is to be had."""
        parts = urlsplit(url)
        url = parts._replace(query="&".join(filter(None, [parts.query, encoded(query.items())]))).geturl()
        request = EndpointRequest(
            method=method, url=url, headers={**headers, "Host": parts.netloc}, body=body, plain=body
        )
        try:
            answer = self._ask(request)
        except TaskCallFailed as failed:
            raise NotDelivered("CONNECTION_FAILURE", failed.cause, is_final=True) from None
        return answer.status, answer.body

    def _ask(self, request: EndpointRequest) -> EndpointAnswer:
        address = self._servers.find_anywhere(request.url)
        if address is None:
            host = urlsplit(request.url).hostname or request.url
            raise TaskCallFailed(
                RUNTIME,
                f"{request.method} {request.url} leads off this machine, where nothing is sent from here: bind a "
                f'server to it with harness.bind("{host}", …), or let it out with harness.allow_host("{host}")',
            )
        try:
            return self._servers.send(request, address, seconds=SECONDS_MAX)
        except NoAnswer as nothing:
            # The guide has it for a request that takes too long, and names nothing for a connection that fails.
            raise TaskCallFailed(_NO_ANSWER, f"{request.url}: {nothing}") from None


class _Headers:
    """Headers whose names differ in more than their case."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self.values = dict(values)

    def put(self, headers: Mapping[str, str]) -> None:
        """Takes the place of what there is."""
        for name, value in headers.items():
            for known in [known for known in self.values if known.lower() == name.lower()]:
                del self.values[known]
            self.values[name] = [value]

    def add(self, name: str, value: str) -> None:
        """The same of a header that is not there yet; nothing happens for an empty one."""
        if value and name.lower() not in {known.lower() for known in self.values}:
            self.values[name] = [value]


def _body(given: Mapping[str, Any], of_connection: Mapping[str, str]) -> tuple[bytes, str]:
    """The body and its type; both empty without one. TaskCallFailed.

    "Merging EventBridge connection and HTTP Task definition data".
    """
    body: Any = given.get("RequestBody")
    if of_connection:
        if body is not None and not isinstance(body, Mapping):
            raise TaskCallFailed(RUNTIME, "A request body that is no object cannot take the connection's parameters")
        body = {**(body or {}), **of_connection}
    transform = given.get("Transform") or {}
    kind = transform.get("RequestBodyEncoding", "NONE")
    array_format = (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", ARRAY_FORMAT)
    if kind not in ("NONE", "URL_ENCODED") or array_format not in ARRAY_FORMATS:
        raise TaskCallFailed(RUNTIME, f"The field 'Transform' is not valid: {json.dumps(transform)}")
    if body is None:
        return b"", ""
    if kind == "URL_ENCODED":
        return (form(body, array_format) if isinstance(body, Mapping) else str(body)).encode(), _FORM
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), _JSON


def _result(answer: EndpointAnswer) -> Mapping[str, Any]:
    if answer.content_type.startswith(_UNREADABLE):
        raise TaskCallFailed(RUNTIME, f"A response of the type {answer.content_type} is not supported")
    try:
        body_of(answer)
    except UnicodeDecodeError:
        raise TaskCallFailed(RUNTIME, "The response cannot be read as a text") from None
    return result_of(answer, grouped(answer.headers, lower=True))
