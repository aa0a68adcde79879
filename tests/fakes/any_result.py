"""One function behind every kind of front door, which answers with whatever a request tells it to."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from websockets.sync.client import connect

from tests.fakes.function_urls import function_url, public
from tests.fakes.http_apis import api, permission, route, stage, to_function
from tests.fakes.load_balancers import balancer, dns_url, forward, lambda_group, listener
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import invocable, proxied, rest_api, url_of
from tests.fakes.websocket_apis import websocket_api

if TYPE_CHECKING:
    import httpx

RAISE: Final = "raise"
"""Not a result: the function fails instead."""

_SECONDS: Final = 60
_SOURCE: Final = """
import base64, json

def handler(event, context):
    if event["requestContext"].get("eventType") in ("CONNECT", "DISCONNECT"):
        return {"statusCode": 200}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    told = json.loads(base64.b64decode(headers.get("x-result") or event["body"]))
    if told == "raise":
        raise RuntimeError("it was told to")
    return told
"""


def any_result() -> Resources:
    """The function `Fn` behind a REST API, routes of an HTTP API for both formats, a URL, a balancer and a socket."""
    return (
        function("Fn", _SOURCE)
        | rest_api("Rest", {"GET /": proxied("Fn")})
        | invocable("Fn", "Rest")
        | api("Web")
        | stage("Web")
        | route("Web", "One", "GET /one", to_function("Fn", "1.0"))
        | route("Web", "Two", "GET /two", to_function("Fn", "2.0"))
        | permission(
            "WebPermission", "Fn", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Web}/*"}
        )
        | function_url("Url", "Fn")
        | public("Public", "Fn")
        | balancer()
        | lambda_group("Group", "Fn")
        | listener("Listener", 80, forward("Group"))
        | websocket_api(
            "Socket",
            {"$connect": {"Fn::GetAtt": ["Fn", "Arn"]}, "$default": {"Fn::GetAtt": ["Fn", "Arn"]}},
            route_default={"RouteResponseSelectionExpression": "$default"},
        )
        | {
            "SocketResponse": {
                "Type": "AWS::ApiGatewayV2::RouteResponse",
                "Properties": {
                    "ApiId": {"Ref": "Socket"},
                    "RouteId": {"Ref": "SocketDefaultRoute"},
                    "RouteResponseKey": "$default",
                },
            }
        }
        | permission(
            "SocketPermission", "Fn", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Socket}/*"}
        )
    )


def outputs() -> dict[str, Any]:
    """What the template gives out."""
    return {
        "Rest": url_of("Rest"),
        "Web": {"Fn::GetAtt": ["Web", "ApiEndpoint"]},
        "Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]},
        "Balancer": dns_url("http"),
        "Socket": {"Fn::Sub": ["${Url}/prod", {"Url": {"Fn::GetAtt": ["Socket", "ApiEndpoint"]}}]},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The deployed doors: `rest`, `http 1.0`, `http 2.0`, `url`, `balancer` and `socket`."""

    outputs: Mapping[str, str]
    http: httpx.Client

    def answer(self, door: str, result: object) -> tuple[int, str]:
        """Status and body of the answer when the function returns `result`; of a socket 0 and what it is told."""
        told = base64.b64encode(json.dumps(result).encode()).decode()
        if door == "socket":
            with connect(self.outputs["Socket"], open_timeout=_SECONDS, proxy=None) as connection:
                connection.send(told)
                return 0, str(connection.recv(_SECONDS))
        urls = {
            "rest": self.outputs["Rest"] + "/",
            "http 1.0": self.outputs["Web"] + "/one",
            "http 2.0": self.outputs["Web"] + "/two",
            "url": self.outputs["Url"],
            "balancer": self.outputs["Balancer"] + "/",
        }
        answer = self.http.get(urls[door], headers={"x-result": told})
        return answer.status_code, answer.text
