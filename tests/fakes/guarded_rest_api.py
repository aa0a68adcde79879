"""Two REST APIs with everything that decides who is let in: authorizers, keys, plans, limits, validators."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.rest_assembly import invocable, proxied, rest_api, url_of
from tests.fakes.wired_harness import WiredHarness

ECHO = "import json\ndef handler(event, context): return {'statusCode': 200, 'body': json.dumps(event)}"
GUARD = """
import json

calls = 0

def handler(event, context):
    global calls
    calls += 1
    token = event.get("authorizationToken") or event["headers"]["X-Token"]
    if token.startswith("raise "):
        raise Exception(token.removeprefix("raise "))
    if token.startswith("{"):
        return json.loads(token)
    arn = event["methodArn"].replace("/POST/", "/GET/") if token == "read" else event["methodArn"]
    statement = {"Action": "execute-api:Invoke", "Effect": "Deny" if token == "deny" else "Allow", "Resource": arn}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"calls": calls, "kind": event["type"], "arn": event["methodArn"], "yes": True},
        "usageIdentifierKey": token,
    }
"""
KEYS = {name: f"the-value-of-the-key-{name}" for name in ("gold", "tiny", "quota", "lost", "off", "named")}
PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "owner": {"$ref": "https://apigateway.amazonaws.com/restapis/${Shop}/models/Owner"},
    },
}
OWNER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def _of(kind: str, api: str = "Shop", **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": {"Ref": api}, **properties}}


def _guard(kind: str, function_name: str = "Guard", **properties: Any) -> dict[str, Any]:
    place = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    uri = {"Fn::Sub": f"{place}${{{function_name}.Arn}}/invocations"}
    return _of("Authorizer", Name=kind, Type=kind, AuthorizerUri=uri, **properties)


def _by(authorizer: str, kind: str = "CUSTOM", **properties: Any) -> dict[str, Any]:
    return {**proxied("Echo"), "AuthorizationType": kind, "AuthorizerId": {"Ref": authorizer}, **properties}


def _plan(name: str, *stages: Any, **limits: Any) -> Resources:
    """A plan with a key of the same name."""
    return {
        f"Key{name}": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": KEYS[name]}},
        f"Plan{name}": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": list(stages), **limits}},
        f"Member{name}": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {"KeyId": {"Ref": f"Key{name}"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": f"Plan{name}"}},
        },
    }


def guarded_apis() -> Resources:
    """The APIs `Shop` and `Named`, the user pool `Pool` and the functions behind them."""
    pool: dict[str, Any] = {
        "ProviderARNs": [{"Fn::GetAtt": ["Pool", "Arn"]}],
        "IdentitySource": "method.request.header.Authorization",
    }
    header = {"IdentitySource": "method.request.header.X-Token"}
    sources = "method.request.header.X-Token, method.request.querystring.q"
    checked = {"RequestValidatorId": {"Ref": "Whole"}, "RequestModels": {"application/json": "Pet"}}
    required = {"RequestParameters": {"method.request.querystring.q": True, "method.request.header.X-Other": False}}
    methods = {
        "ANY /kept/{id}": _by("Token"),
        "GET /fitting": _by("Fitting"),
        "GET /request": _by("Request"),
        "GET /unpermitted": _by("Unpermitted"),
        "GET /users": _by("Users", "COGNITO_USER_POOLS"),
        "GET /scoped": _by(
            "Users", "COGNITO_USER_POOLS", AuthorizationScopes=["shop/read", "aws.cognito.signin.user.admin"]
        ),
        "ANY /signed/{id}": {**proxied("Echo"), "AuthorizationType": "AWS_IAM"},
        "GET /keyed": {**proxied("Echo"), "ApiKeyRequired": True},
        "GET /keyed/slow": {**proxied("Echo"), "ApiKeyRequired": True},
        "GET /limited": proxied("Echo"),
        "POST /pets": {**proxied("Echo"), **checked, **required},
    }
    limited = {
        "MethodSettings": [
            {"ResourcePath": "/~1limited", "HttpMethod": "GET", "ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 2}
        ]
    }
    shop = {"ApiId": {"Ref": "Shop"}, "Stage": {"Ref": "ShopStage"}}
    named = {"ApiId": {"Ref": "Named"}, "Stage": {"Ref": "NamedStage"}}
    slow = {"Throttle": {"/keyed/slow/GET": {"RateLimit": 0.001, "BurstLimit": 1}}}
    resources: Resources = (
        function("Echo", ECHO)
        | function("Guard", GUARD)
        | function("Private", GUARD)
        | rest_api("Shop", methods, stage_properties=limited)
        | rest_api("Named", {"GET /": _by("Naming", ApiKeyRequired=True)}, ApiKeySourceType="AUTHORIZER")
        | {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
            "PoolClient": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]},
            },
            "Users": _of("Authorizer", Name="users", Type="COGNITO_USER_POOLS", **pool),
            "Token": _guard("TOKEN", **header),
            "Fitting": _guard("TOKEN", **header, IdentityValidationExpression="^[a-z]+$"),
            "Request": _guard("REQUEST", IdentitySource=sources, AuthorizerResultTtlInSeconds=0),
            "Unpermitted": _guard("TOKEN", "Private", **header),
            "Naming": {**_guard("TOKEN", **header)},
            "Owner": _of("Model", Name="Owner", ContentType="application/json", Schema=OWNER),
            "Pet": _of("Model", Name="Pet", ContentType="application/json", Schema={"Fn::Sub": json.dumps(PET)}),
            "Whole": _of("RequestValidator", ValidateRequestBody=True, ValidateRequestParameters=True),
            "Told": _of(
                "GatewayResponse",
                ResponseType="BAD_REQUEST_BODY",
                ResponseTemplates={"application/json": '{"why": "$context.error.validationErrorString"}'},
            ),
            "Denied": _of(
                "GatewayResponse",
                ResponseType="ACCESS_DENIED",
                ResponseParameters={"gatewayresponse.header.X-Calls": "context.authorizer.calls"},
            ),
            "GuardPermission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": "Guard"},
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:*/authorizers/*"},
                },
            },
        }
        | _plan("gold", {**shop, **slow})
        | _plan("tiny", shop, Throttle={"RateLimit": 0.001, "BurstLimit": 2})
        | _plan("quota", shop, Quota={"Limit": 2, "Period": "DAY"})
        | _plan("off", shop)
        | _plan("lost")
        | _plan("named", named)
        | invocable("Echo", "Shop")
        | invocable("Echo", "Named")
    )
    resources["Naming"]["Properties"]["RestApiId"] = {"Ref": "Named"}
    resources["Keyoff"]["Properties"]["Enabled"] = False
    resources["ShopDeployment"]["DependsOn"] += ["Told", "Denied", "Owner", "Pet"]
    for number in range(len(methods)):
        resources[f"ShopMethod{number}"]["DependsOn"] = ["Owner", "Pet"]
    return resources


class Guarded:
    """The deployed APIs, whose permissions are enforced."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.outputs: dict[str, str] = deployment["stacks"]["gates"]["outputs"]
        self.http = httpx.Client(timeout=60)

    @staticmethod
    def outputs_of() -> dict[str, Any]:
        """What the template gives out."""
        urls: dict[str, Any] = {name: url_of(name) for name in ("Shop", "Named")}
        return urls | {"Pool": {"Ref": "Pool"}, "Client": {"Ref": "PoolClient"}, "Id": {"Ref": "Shop"}}

    def ask(
        self, path: str, method: str = "GET", api: str = "Shop", body: Any = None, **headers: str
    ) -> httpx.Response:
        """headers: names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, self.outputs[api] + path, headers=named, content=body)

    def guarded(self, path: str, token: str, method: str = "GET") -> httpx.Response:
        return self.ask(path, method, X_Token=token)

    def keyed(self, name: str, path: str = "/keyed") -> int:
        return self.ask(path, X_Api_Key=KEYS[name]).status_code
