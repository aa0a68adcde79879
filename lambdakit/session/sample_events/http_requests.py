"""HTTP requests, as each front door hands them to a function.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs" (both payload formats) and
"Set up Lambda proxy integrations in API Gateway"; AWS Lambda Developer Guide, "Invoking Lambda function URLs" (request
payload format); Elastic Load Balancing, "Use Lambda functions as targets"; VPC Lattice User Guide, "Lambda functions
as targets".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

from lambdakit.records import dataclass
from lambdakit.session.sample_events.sample import (
    EPOCH_MS,
    EPOCH_SECONDS,
    REQUEST_TIME,
    SOURCE_IP,
    TRACE_ID,
    USER_AGENT,
    Choices,
    JsonObject,
    hexadecimal,
    identifier,
)

_API_ID: Final = "example123"
_PROTOCOL: Final = "HTTP/1.1"
# Whoever calls without credentials is none of these.
_IDENTITY: Final = (
    *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
    *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """The request that a sample tells of. path: percent-encoded. body: None without one."""

    method: str
    path: str
    query: str
    body: str | None

    @staticmethod
    def of(choices: Choices) -> HttpRequest:
        """The choice, or `GET /example?name=value`; a request with a body is a POST where nothing is said."""
        path, _, query = choices.text("path", "/example?name=value").partition("?")
        method = choices.text("method", "GET" if choices.body is None else "POST").upper()
        return HttpRequest(
            method=method, path=path if path.startswith("/") else f"/{path}", query=query, body=choices.body
        )

    @property
    def parameters(self) -> Mapping[str, list[str]]:
        """Every value of each parameter of the query."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    def headers(self, host: str) -> dict[str, str]:
        """Those that a client sends and those that a front door adds, in lower case."""
        content = {} if self.body is None else {"content-type": "application/json"}
        return {
            "accept": "*/*",
            "content-length": str(len((self.body or "").encode())),
            **content,
            "host": host,
            "user-agent": USER_AGENT,
            "x-amzn-trace-id": TRACE_ID,
            "x-forwarded-for": SOURCE_IP,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        }


def host_of(choices: Choices) -> str:
    """Of an API in the region."""
    return f"{_API_ID}.execute-api.{choices.region}.amazonaws.com"


def nobody(*more: str) -> JsonObject:
    """The identity of an anonymous caller."""
    return {
        **dict.fromkeys((*_IDENTITY, *more)),
        "sourceIp": SOURCE_IP,
        "user": None,
        "userAgent": USER_AGENT,
        "userArn": None,
    }


def http_api(choices: Choices) -> JsonObject:
    """An HTTP API's request, payload format 2.0."""
    request = HttpRequest.of(choices)
    route = f"{request.method} {unquote(request.path)}"
    return _format_2(request, choices.account_id, host_of(choices), route)


def function_url(choices: Choices) -> JsonObject:
    """A function URL's request, without authorization."""
    host = f"{hexadecimal('function url', 32)}.lambda-url.{choices.region}.on.aws"
    return _format_2(HttpRequest.of(choices), "anonymous", host, "$default")


def _format_2(request: HttpRequest, account_id: str, host: str, route: str) -> JsonObject:
    query = {name: ",".join(values) for name, values in request.parameters.items()}
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": unquote(request.path),
        "rawQueryString": request.query,
        "headers": request.headers(host),
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": account_id,
            "apiId": host.partition(".")[0],
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(request.path),
                "protocol": _PROTOCOL,
                "sourceIp": SOURCE_IP,
                "userAgent": USER_AGENT,
            },
            "requestId": hexadecimal("request", 16),
            "routeKey": route,
            "stage": "$default",
            "time": REQUEST_TIME,
            "timeEpoch": EPOCH_MS,
        },
        **({} if request.body is None else {"body": request.body}),
        "isBase64Encoded": False,
    }


def http_api_v1(choices: Choices) -> JsonObject:
    """An HTTP API's request, payload format 1.0."""
    request = HttpRequest.of(choices)
    context = _format_1_context(choices, request, stage="$default", prefix="")
    context |= {"authorizer": {"claims": None, "scopes": None}, "resourceId": None}
    return {"version": "1.0", **_format_1(choices, request), "requestContext": context}


def rest_api(choices: Choices) -> JsonObject:
    """A REST API's request, by Lambda proxy integration."""
    request = HttpRequest.of(choices)
    context = _format_1_context(choices, request, stage="prod", prefix="/prod")
    return {**_format_1(choices, request), "requestContext": {"resourceId": "abc123", **context}}


def _format_1(choices: Choices, request: HttpRequest) -> JsonObject:
    headers = {_title(name): value for name, value in request.headers(host_of(choices)).items()}
    query = request.parameters
    return {
        "resource": unquote(request.path),
        "path": unquote(request.path),
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": dict(query) or None,
        "pathParameters": None,
        "stageVariables": None,
        "body": request.body,
        "isBase64Encoded": False,
    }


def _format_1_context(choices: Choices, request: HttpRequest, *, stage: str, prefix: str) -> JsonObject:
    host = host_of(choices)
    path = unquote(request.path)
    return {
        "accountId": choices.account_id,
        "apiId": _API_ID,
        "domainName": host,
        "domainPrefix": _API_ID,
        "extendedRequestId": hexadecimal("extended request", 16),
        "httpMethod": request.method,
        "identity": nobody(),
        "path": f"{prefix}{path}",
        "protocol": _PROTOCOL,
        "requestId": identifier("request"),
        "requestTime": REQUEST_TIME,
        "requestTimeEpoch": EPOCH_MS,
        "resourcePath": path,
        "stage": stage,
    }


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def load_balancer(choices: Choices) -> JsonObject:
    """An Application Load Balancer's request. The query's values are not decoded."""
    request = HttpRequest.of(choices)
    raw = {name: values[-1] for name, values in _undecoded(request.query).items()}
    headers = request.headers(_balancer(choices))
    return _balanced(choices, request, {"queryStringParameters": raw, "headers": headers})


def load_balancer_multi_value(choices: Choices) -> JsonObject:
    """The same, of a target group with multi-value headers."""
    request = HttpRequest.of(choices)
    headers = {name: [value] for name, value in request.headers(_balancer(choices)).items()}
    members = {"multiValueQueryStringParameters": _undecoded(request.query), "multiValueHeaders": headers}
    return _balanced(choices, request, members)


def _balanced(choices: Choices, request: HttpRequest, members: JsonObject) -> JsonObject:
    group = choices.arn("elasticloadbalancing", f"targetgroup/example/{hexadecimal('target group', 16)}")
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": request.method,
        "path": request.path,
        **members,
        "body": request.body or "",
        "isBase64Encoded": False,
    }


def _balancer(choices: Choices) -> str:
    return f"example-1234567890.{choices.region}.elb.amazonaws.com"


def _undecoded(query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        found.setdefault(name, []).append(value)
    return found


def lattice(choices: Choices) -> JsonObject:
    """A VPC Lattice service's request, event structure V2."""
    request = HttpRequest.of(choices)
    service, group = hexadecimal("service", 17), hexadecimal("target group", 17)
    host = f"example-{service}.0123456.vpc-lattice-svcs.{choices.region}.on.aws"
    return {
        "version": "2.0",
        "path": request.path,
        "method": request.method,
        "headers": {name: [value] for name, value in request.headers(host).items()},
        "queryStringParameters": dict(request.parameters),
        **({} if request.body is None else {"body": request.body}),
        "isBase64Encoded": False,
        "requestContext": {
            "serviceNetworkArn": choices.arn("vpc-lattice", f"servicenetwork/sn-{hexadecimal('network', 17)}"),
            "serviceArn": choices.arn("vpc-lattice", f"service/svc-{service}"),
            "targetGroupArn": choices.arn("vpc-lattice", f"targetgroup/tg-{group}"),
            "identity": {"sourceVpcArn": choices.arn("ec2", f"vpc/vpc-{hexadecimal('vpc', 17)}")},
            "region": choices.region,
            "timeEpoch": str(EPOCH_SECONDS * 1_000_000),
        },
    }
