"""WebSocket APIs for cloud assemblies written by hand, and real clients of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.fakes.plain_assembly import Resources

if TYPE_CHECKING:
    from websockets.http11 import Response

_SECONDS = 60.0


def websocket_api(name: str, routes: Mapping[str, object], **more: Any) -> Resources:
    """A WebSocket API with the stage `prod`. routes: route key -> the ARN of a function, or an integration.

    more: properties of the stage; `route_KEY`, without the dollar sign, those of a route.
    """
    stage = {key: value for key, value in more.items() if not key.startswith("route_")}
    resources: Resources = {
        name: {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": name,
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": "$request.body.action",
            },
        },
        f"{name}Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": name}, "StageName": "prod", "AutoDeploy": True, **stage},
        },
    }
    for key, target in routes.items():
        word = "".join(part.title() for part in key.strip("$").split("-"))
        is_proxy = not (isinstance(target, dict) and "IntegrationType" in target)
        integration = {"IntegrationType": "AWS_PROXY", "IntegrationUri": _uri(target)} if is_proxy else target
        resources[f"{name}{word}Integration"] = {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"ApiId": {"Ref": name}, **dict(integration)},  # type: ignore[call-overload]
        }
        resources[f"{name}{word}Route"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": name},
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"{name}{word}Integration"}]]},
                **more.get(f"route_{key.strip('$')}", {}),
            },
        }
    return resources


def answering(name: str, word: str) -> Resources:
    """A route response for a route of `websocket_api`: what its integration says goes back. word: as in its id."""
    return {
        f"{name}{word}Response": {
            "Type": "AWS::ApiGatewayV2::RouteResponse",
            "Properties": {
                "ApiId": {"Ref": name},
                "RouteId": {"Ref": f"{name}{word}Route"},
                "RouteResponseKey": "$default",
            },
        }
    }


def client(url: str, **arguments: Any) -> AbstractContextManager[ClientConnection]:
    """A connection for a `with`, which closes it."""
    opened: AbstractContextManager[ClientConnection] = connect(
        url, open_timeout=_SECONDS, close_timeout=5, proxy=None, compression=None, **arguments
    )
    return opened


def refusal(url: str, **arguments: Any) -> Response:
    """What is answered to somebody who connects and is not let in."""
    with pytest.raises(InvalidStatus) as refused, client(url, **arguments):
        pass
    return refused.value.response


def say(connection: ClientConnection, **message: Any) -> None:
    """Sends a JSON object."""
    connection.send(json.dumps(message))


def hear(connection: ClientConnection) -> Any:
    """The next message, parsed. TimeoutError when none comes."""
    return json.loads(connection.recv(_SECONDS))


def _uri(function: object) -> object:
    path = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations"
    return {"Fn::Sub": [path, {"Function": function}]}
