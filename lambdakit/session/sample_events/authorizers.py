"""What the authorizers of APIs are asked.

Source: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer" and "Control access to HTTP APIs with
AWS Lambda authorizers"; AWS IoT Core Developer Guide, "Defining your Lambda function" of a custom authorizer.
"""

from __future__ import annotations

from typing import Final

from lambdakit.session.sample_events.http_requests import HttpRequest, host_of, http_api, nobody, rest_api
from lambdakit.session.sample_events.sample import Choices, JsonObject, encoded, identifier

_TOKEN: Final = "Bearer example-token"


def token(choices: Choices) -> JsonObject:
    """A TOKEN authorizer of a REST API. The choice of a message is the token."""
    return {
        "type": "TOKEN",
        "authorizationToken": choices.text("message", _TOKEN),
        "methodArn": _method(choices, "prod"),
    }


def request(choices: Choices) -> JsonObject:
    """A REQUEST authorizer of a REST API: the request, without its body."""
    members = rest_api(choices)
    for absent in ("body", "isBase64Encoded"):
        del members[absent]
    _authorize(members, "Authorization", choices)
    for name in ("pathParameters", "stageVariables", "queryStringParameters", "multiValueQueryStringParameters"):
        members[name] = members[name] or {}
    members["requestContext"]["identity"] = nobody("apiKey")
    return {"type": "REQUEST", "methodArn": _method(choices, "prod"), **members}


def http_request(choices: Choices) -> JsonObject:
    """An authorizer of an HTTP API, payload format 2.0."""
    members = http_api(choices)
    members.pop("body", None)
    del members["isBase64Encoded"]
    members["headers"]["authorization"] = choices.text("message", _TOKEN)
    return {
        "type": "REQUEST",
        "routeArn": _method(choices, "$default"),
        "identitySource": [choices.text("message", _TOKEN)],
        **members,
    }


def iot(choices: Choices) -> JsonObject:
    """A custom authorizer of AWS IoT: a device connects by MQTT."""
    return {
        "token": choices.text("message", "example-token"),
        "signatureVerified": True,
        "protocols": ["tls", "http", "mqtt"],
        "protocolData": {
            "tls": {"serverName": f"example-ats.iot.{choices.region}.amazonaws.com"},
            "http": {"headers": {"X-Request-ID": "example"}, "queryString": "?name=value"},
            "mqtt": {"username": "example-user", "password": encoded("example-password"), "clientId": "example-device"},
        },
        "connectionMetadata": {"id": identifier("connection")},
    }


def _authorize(members: JsonObject, name: str, choices: Choices) -> None:
    """Adds the header to a request of payload format 1.0."""
    members["headers"][name] = choices.text("message", _TOKEN)
    members["multiValueHeaders"][name] = [choices.text("message", _TOKEN)]


def _method(choices: Choices, stage: str) -> str:
    request = HttpRequest.of(choices)
    api_id = host_of(choices).partition(".")[0]
    return choices.arn("execute-api", f"{api_id}/{stage}/{request.method}{request.path}")
