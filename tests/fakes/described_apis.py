"""A REST and an HTTP API with everything that an OpenAPI document of theirs says something about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.fakes.http_apis import api, authorizer, authorizer_uri, permission, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import invocable, proxied, rest_api, url_of

KEY: Final = "the-value-of-the-only-api-key"
TOKEN: Final = "let-me-in"
REACHED: Final = "x-reached"

_ECHO = (
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'headers': {'x-reached': 'yes'}, 'body': event['requestContext']['stage']}\n"
)
_GUARD = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"].get("x-token") or event["headers"].get("X-Token")
    if event.get("version") == "2.0":
        return {"isAuthorized": token == "let-me-in"}
    effect = "Allow" if token == "let-me-in" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
_MODEL: Final = "https://apigateway.amazonaws.com/restapis/${Shop}/models/"
MODELS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Item": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["sku", "quantity"],
        "properties": {
            "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
            "quantity": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 100},
            "note": {"type": ["string", "null"], "maxLength": 10},
        },
        "additionalProperties": False,
    },
    "Order": {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": f"{_MODEL}Item"}, "minItems": 1, "maxItems": 3},
            "kind": {"enum": ["gift", "usual"]},
            "price": {"$ref": "#/definitions/Price"},
            "paid": {"type": "boolean"},
            "by": {"oneOf": [{"type": "string", "minLength": 2}, {"type": "integer", "multipleOf": 5}]},
        },
        "definitions": {"Price": {"type": "number", "minimum": 0.5}},
    },
}


def described_apis() -> Resources:
    """The APIs `Shop` and `Web`, and what is behind them."""
    return function("Echo", _ECHO) | function("Guard", _GUARD) | _shop() | _web()


def outputs() -> dict[str, Any]:
    """What the template gives out."""
    web = {"Fn::GetAtt": ["Web", "ApiEndpoint"]}
    return {"Shop": url_of("Shop"), "Web": web, "ShopId": {"Ref": "Shop"}, "WebId": {"Ref": "Web"}}


def _of_shop(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": {"Ref": "Shop"}, **properties}}


def _shop() -> Resources:
    whole = {"RequestValidatorId": {"Ref": "Whole"}}
    order = {"RequestModels": {"application/json": "Order"}}
    told = {"StatusCode": "200", "ResponseModels": {"application/json": "Order"}}
    answers = [{**told, "ResponseParameters": {"method.response.header.X-Reached": True}}, {"StatusCode": "404"}]
    page = {"method.request.querystring.page": True, "method.request.querystring.size": False}
    tenant = {"method.request.header.X-Tenant": True, "method.request.path.id": True}
    methods: dict[str, Mapping[str, Any]] = {
        "GET /orders": {**proxied("Echo"), **whole, "RequestParameters": page, "OperationName": "listOrders"},
        "POST /orders": {**proxied("Echo"), **whole, **order, "MethodResponses": answers},
        "PUT /orders/{id}": {**proxied("Echo"), **whole, **order, "RequestParameters": tenant},
        "POST /items": {
            **proxied("Echo"),
            "RequestValidatorId": {"Ref": "Body"},
            "RequestModels": {"application/json": "Item"},
            "AuthorizationType": "CUSTOM",
            "AuthorizerId": {"Ref": "Door"},
        },
        "GET /keyed": {**proxied("Echo"), "ApiKeyRequired": True},
        "GET /signed": {**proxied("Echo"), "AuthorizationType": "AWS_IAM"},
        "ANY /files/{path+}": proxied("Echo"),
        "OPTIONS /orders": _preflight(),
    }
    resources: Resources = rest_api("Shop", methods, Description="What is sold") | invocable("Echo", "Shop")
    resources |= {
        name: _of_shop("Model", Name=name, ContentType="application/json", Schema={"Fn::Sub": json.dumps(schema)})
        for name, schema in MODELS.items()
    }
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Guard.Arn}/invocations"
    source = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:*/authorizers/*"
    resources |= permission("GuardPermission", "Guard", {"Fn::Sub": source})
    resources |= {
        "Door": _of_shop(
            "Authorizer",
            Name="the door",
            Type="TOKEN",
            AuthorizerUri={"Fn::Sub": uri},
            IdentitySource="method.request.header.X-Token",
        ),
        "Whole": _of_shop("RequestValidator", Name="whole", ValidateRequestBody=True, ValidateRequestParameters=True),
        "Body": _of_shop("RequestValidator", Name="body", ValidateRequestBody=True),
        "Denied": _of_shop(
            "GatewayResponse",
            ResponseType="DEFAULT_4XX",
            ResponseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        ),
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": KEY}},
        "Plan": {
            "Type": "AWS::ApiGateway::UsagePlan",
            "Properties": {"ApiStages": [{"ApiId": {"Ref": "Shop"}, "Stage": {"Ref": "ShopStage"}}]},
        },
        "PlanKey": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}},
        },
    }
    resources["Order"]["DependsOn"] = ["Item"]
    resources["ShopDeployment"]["DependsOn"] += ["Order", "Item", "Denied"]
    for number in range(len(methods)):
        resources[f"ShopMethod{number}"]["DependsOn"] = ["Order", "Item"]
    return resources


def _preflight() -> dict[str, Any]:
    """As `aws_cdk.aws_apigateway` makes it of `default_cors_preflight_options`."""
    names = ("Access-Control-Allow-Headers", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods")
    values = ("'Content-Type,X-Token'", "'*'", "'GET,POST'")
    told = {f"method.response.header.{name}": value for name, value in zip(names, values, strict=True)}
    return {
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode": 204}'},
            "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": told}],
        },
        "MethodResponses": [{"StatusCode": "204", "ResponseParameters": dict.fromkeys(told, True)}],
    }


def _web() -> Resources:
    cors = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET", "POST"], "MaxAge": 60}
    echo = to_function("Echo")
    by_guard = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "WebDoor"}}
    return (
        api("Web", CorsConfiguration=cors)
        | stage("Web")
        | route("Web", "ReadThing", "GET /things/{id}", echo)
        | route("Web", "MakeThing", "POST /things", to_function("Echo", "1.0"))
        | route("Web", "Everything", "ANY /all/{proxy+}", echo)
        | route("Web", "Files", "PUT /files/{path+}", echo)
        | route("Web", "Private", "GET /private", echo, **by_guard)
        | route("Web", "Signed", "DELETE /signed", echo, AuthorizationType="AWS_IAM")
        | route("Web", "Tokens", "GET /tokens", echo, AuthorizationType="JWT", AuthorizerId={"Ref": "WebTokens"})
        | authorizer(
            "Web",
            "WebDoor",
            "REQUEST",
            AuthorizerUri=authorizer_uri("Guard"),
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            IdentitySource=["$request.header.X-Token"],
        )
        | authorizer(
            "Web",
            "WebTokens",
            "JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Audience": ["web"], "Issuer": "http://127.0.0.1:9/nobody"},
        )
        | permission(
            "WebPermission", "Echo", {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Web}/*"}
        )
    )
