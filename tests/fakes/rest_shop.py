"""A stack with REST APIs in front of functions: what they see is what they answer, or what they are told to."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.wired_harness import Answer, WiredHarness, request

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"event": event, "version": context.function_version})}
"""

RESULT = """
import json, time

def handler(event, context):
    asked = json.loads(event["body"])
    if asked == "raise":
        raise LookupError("a secret")
    if asked == "sleep":
        time.sleep(5)
    return asked
"""

NODE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const how = event.queryStringParameters?.how;
  if (how === 'throw') throw new Error('early');
  if (how !== 'plain') {
    stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {'x-one': '1', 'server': 'own'}});
  }
  stream.write('first,');
  stream.write(event.requestContext.stage);
  stream.end();
});
"""

CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}


class RestShop:
    """The deployed APIs. urls: of each by its logical id."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.urls: dict[str, str] = deployment["stacks"]["rest"]["outputs"]

    def send(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        *,
        api: str = "Shop",
    ) -> Answer:
        """The API's answer. path: behind the stage."""
        url = urlsplit(self.urls[api])
        return request(url.port or 0, method, f"{url.path}{path}", headers, body)

    def result(self, asked: object, headers: dict[str, str] | None = None) -> Answer:
        """The API's answer for a function's result."""
        return self.send("POST", "/result", headers, json.dumps(asked).encode())


def rest_shop() -> Resources:
    """The APIs `Shop` and `Plain`, with their functions."""
    streamed: dict[str, Any] = {
        "Uri": {
            "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${Stream.Arn}"
            "/response-streaming-invocations"
        },
        "ResponseTransferMode": "STREAM",
    }
    by_variable = (
        "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${!stageVariables.function}/invocations"
    )
    methods = {
        "GET /": proxied("Echo"),
        "ANY /echo": proxied("Echo"),
        "GET /echo/{id}": {**proxied("Echo"), "OperationName": "ReadEcho"},
        "ANY /files/{proxy+}": proxied("Echo"),
        "GET /files/fixed": proxied("Echo"),
        "POST /result": proxied("Result"),
        "POST /late": proxied("Result", TimeoutInMillis=300),
        "GET /forbidden": proxied("Unpermitted"),
        "GET /stream": proxied("Stream", **streamed),
        "GET /by-variable": {"Integration": {**proxied("Echo")["Integration"], "Uri": {"Fn::Sub": by_variable}}},
    }
    changed = {"Type": "AWS::ApiGateway::GatewayResponse"}
    place = {"RestApiId": {"Ref": "Shop"}}
    variables = {"Variables": {"function": {"Ref": "Echo"}, "colour": "green"}}
    resources = (
        function("Echo", ECHO)
        | function("Result", RESULT)
        | function("Unpermitted", ECHO)
        | function("Stream", NODE, Runtime="nodejs22.x")
        | rest_api(
            "Shop",
            methods,
            stage_properties=variables,
            BinaryMediaTypes=["image/png"],
            MinimumCompressionSize=2000,
        )
        | rest_api("Plain", {"GET /echo": proxied("Echo")})
        | {
            "Missing": {
                **changed,
                "Properties": {
                    **place,
                    "ResponseType": "MISSING_AUTHENTICATION_TOKEN",
                    "StatusCode": "404",
                    "ResponseParameters": {**CORS, "gatewayresponse.header.X-Asked": "method.request.header.X-Mine"},
                    "ResponseTemplates": {
                        "application/json": '{"why":$context.error.messageString,"kind":"$context.error.responseType",'
                        '"stage":"$stageVariables.colour","id":"$context.requestId"}',
                        "text/plain": "$context.error.message",
                    },
                },
            },
            "Failed": {**changed, "Properties": {**place, "ResponseType": "DEFAULT_5XX", "ResponseParameters": CORS}},
        }
    )
    resources["ShopDeployment"]["DependsOn"] += ["Missing", "Failed"]
    for name, api in (("Echo", "Shop"), ("Result", "Shop"), ("Stream", "Shop"), ("Echo", "Plain")):
        resources |= invocable(name, api)
    return resources
