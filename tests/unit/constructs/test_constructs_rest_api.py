from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, assertions

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.authorizers import CognitoAuthorizer, IamAuthorizer
from lambdakit.constructs.custom_domain import CustomDomain
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import Cors, Throttle
from lambdakit.constructs.rest_api import RestSettings, UsagePlan
from lambdakit.constructs.routes import Route
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def resources(stack: Stack, type_name: str) -> dict[str, Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: resource["Properties"] for logical_id, resource in found.items()}


def outputs(stack: Stack) -> dict[str, Any]:
    return {name: each["Value"] for name, each in assertions.Template.from_stack(stack).find_outputs("*").items()}


def methods(stack: Stack) -> list[Mapping[str, Any]]:
    made = resources(stack, "AWS::ApiGateway::Method").values()
    return sorted(made, key=lambda method: str(method["HttpMethod"]))


def source_arns(stack: Stack) -> list[str]:
    arns: list[str] = []
    for permission in resources(stack, "AWS::Lambda::Permission").values():
        parts: list[Any] = permission["SourceArn"]["Fn::Join"][1]
        arns.append("".join(part if isinstance(part, str) else "<>" for part in parts))
    return sorted(arns)


def test_a_rest_api_is_regional_with_a_logged_and_throttled_stage(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        api=RestSettings(binary_media_types=["image/png"], minimum_compression_size=1024),
        throttle=Throttle(rate_limit=50, burst_limit=20),
        routes={
            "GET /orders": Route(name="list_orders", function=function),
            "GET /orders/{order_id}": Route(function="list_orders"),
        },
    )

    (api,) = resources(stack, "AWS::ApiGateway::RestApi").values()
    ((stage_id, stage),) = resources(stack, "AWS::ApiGateway::Stage").items()
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert (api["BinaryMediaTypes"], api["MinimumCompressionSize"]) == (["image/png"], 1024)
    (log_group,) = [each for each in resources(stack, "AWS::Logs::LogGroup") if "AccessLog" in each]
    assert stage["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": [log_group, "Arn"]}
    assert stage["TracingEnabled"] is True
    (limits,) = stage["MethodSettings"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (50, 20)
    # For each method alone, and never from the console's test.
    assert source_arns(stack) == [
        "arn:<>:execute-api:<>:<>:<>/<>/GET/orders",
        "arn:<>:execute-api:<>:<>:<>/<>/GET/orders/*",
    ]
    (alias,) = resources(stack, "AWS::Lambda::Alias")
    assert all({"Ref": alias} in each["Integration"]["Uri"]["Fn::Join"][1] for each in methods(stack))
    assert set(outputs(stack)) == {"OrdersUrl"}
    assert outputs(stack)["OrdersUrl"]["Fn::Join"][1][-1] == {"Ref": stage_id}


def test_the_accounts_role_for_logs_is_made_once_and_kept(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "orders", api=RestSettings(), routes={"GET /": Route(name="read", function=function)})
    ApiBackend(
        stack, "more", api=RestSettings(cloud_watch_role=False), routes={"GET /": Route(name="more", function=function)}
    )

    template = assertions.Template.from_stack(stack)
    ((account_id, account),) = template.find_resources("AWS::ApiGateway::Account").items()
    assert account["DeletionPolicy"] == "Retain"
    stages = template.find_resources("AWS::ApiGateway::Stage").values()
    assert sorted(account_id in stage.get("DependsOn", []) for stage in stages) == [False, True]
    (role,) = [each for name, each in resources(stack, "AWS::IAM::Role").items() if "ApiGatewayLogs" in name]
    assert "ManagedPolicyArns" not in role


def test_the_default_route_takes_the_root_and_the_rest(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        api=RestSettings(),
        routes={
            "$default": Route(name="answer", function=function),
            "GET /health": Route(function="answer", public=True),
        },
        authorizer=IamAuthorizer(),
    )

    assert [(each["HttpMethod"], each["AuthorizationType"]) for each in methods(stack)] == [
        ("ANY", "AWS_IAM"),
        ("ANY", "AWS_IAM"),
        ("GET", "NONE"),
    ]
    assert source_arns(stack) == [
        "arn:<>:execute-api:<>:<>:<>/<>/*/",
        "arn:<>:execute-api:<>:<>:<>/<>/*/*",
        "arn:<>:execute-api:<>:<>:<>/<>/GET/health",
    ]


def test_key_plan_validation_and_scopes(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        api=RestSettings(request_validation=True, usage_plan=UsagePlan(quota=1000, quota_period="day")),
        routes={"GET /": Route(name="read", function=function)},
        authorizer=CognitoAuthorizer(scopes=["orders/read"]),
    )

    (method,) = methods(stack)
    ((pool, _),) = resources(stack, "AWS::Cognito::UserPool").items()
    (authorizer,) = resources(stack, "AWS::ApiGateway::Authorizer").values()
    (plan,) = resources(stack, "AWS::ApiGateway::UsagePlan").values()
    (validator,) = resources(stack, "AWS::ApiGateway::RequestValidator")
    (key,) = resources(stack, "AWS::ApiGateway::ApiKey")
    assert (method["AuthorizationType"], method["AuthorizationScopes"]) == ("COGNITO_USER_POOLS", ["orders/read"])
    assert (method["ApiKeyRequired"], method["RequestValidatorId"]) == (True, {"Ref": validator})
    assert authorizer["ProviderARNs"] == [{"Fn::GetAtt": [pool, "Arn"]}]
    assert plan["Quota"] == {"Limit": 1000, "Period": "DAY"}
    assert plan["Throttle"] == {"RateLimit": 100, "BurstLimit": 50}
    assert outputs(stack)["OrdersApiKeyId"] == {"Ref": key}


def test_a_body_has_to_fit_the_schema_of_its_route(stack: Stack, function: FunctionProperties) -> None:
    schema = {"type": "object", "required": ["customer"]}

    ApiBackend(
        stack,
        "orders",
        api=RestSettings(request_validation=True),
        routes={
            "POST /orders": Route(name="create", function=function, request_schema=schema),
            "GET /orders": Route(function="create"),
        },
    )

    ((model_id, model),) = resources(stack, "AWS::ApiGateway::Model").items()
    read, create = methods(stack)
    assert (model["Schema"], model["ContentType"]) == (schema, "application/json")
    assert create["RequestModels"] == {"application/json": {"Ref": model_id}}
    assert "RequestModels" not in read
    (deployment,) = assertions.Template.from_stack(stack).find_resources("AWS::ApiGateway::Deployment").values()
    assert model_id in deployment["DependsOn"]


@pytest.mark.parametrize("settings", [None, RestSettings()], ids=["http", "rest"])
def test_a_schema_that_nothing_reads_is_refused(
    stack: Stack, function: FunctionProperties, settings: RestSettings | None
) -> None:
    with pytest.raises(SynthesisError, match="nothing checks requests by it"):
        ApiBackend(
            stack,
            "orders",
            api=settings,
            routes={"POST /orders": Route(name="create", function=function, request_schema={"type": "object"})},
        )


def test_preflight_requests_and_refusals_carry_the_origin(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        api=RestSettings(),
        cors=Cors(allow_origins=["https://example.com"], max_age=600),
        routes={"GET /orders": Route(name="read", function=function)},
        authorizer=IamAuthorizer(),
    )

    preflights = [each for each in methods(stack) if each["HttpMethod"] == "OPTIONS"]
    assert {each["AuthorizationType"] for each in preflights} == {"NONE"}
    headers = preflights[0]["Integration"]["IntegrationResponses"][0]["ResponseParameters"]
    assert headers["method.response.header.Access-Control-Allow-Methods"] == "'GET'"
    assert headers["method.response.header.Access-Control-Max-Age"] == "'600'"
    refusals = resources(stack, "AWS::ApiGateway::GatewayResponse").values()
    assert {each["ResponseType"] for each in refusals} == {"DEFAULT_4XX", "DEFAULT_5XX"}


def test_a_domain_of_ones_own_is_the_url(stack: Stack, function: FunctionProperties) -> None:
    backend = ApiBackend(
        stack,
        "orders",
        api=RestSettings(),
        domain=CustomDomain(domain_name="api.example.com", certificate=CERTIFICATE),
        routes={"GET /": Route(name="read", function=function)},
    )

    ((domain_id, domain),) = resources(stack, "AWS::ApiGateway::DomainName").items()
    assert (domain["SecurityPolicy"], domain["RegionalCertificateArn"]) == ("TLS_1_2", CERTIFICATE)
    assert len(resources(stack, "AWS::ApiGateway::BasePathMapping")) == 1
    assert backend.url == "https://api.example.com"
    assert outputs(stack)["OrdersDomainTarget"] == {"Fn::GetAtt": [domain_id, "RegionalDomainName"]}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (RestSettings(minimum_compression_size=-1), "api.minimum_compression_size: -1 is outside 0 to 10485760"),
        (RestSettings(minimum_compression_size=10_485_761), "api.minimum_compression_size: 10485761 is outside"),
        (RestSettings(usage_plan=UsagePlan(rate_limit=0)), "api.usage_plan.rate_limit: 0 is below 1"),
        (RestSettings(usage_plan=UsagePlan(burst_limit=0)), "api.usage_plan.burst_limit: 0 is below 1"),
        (RestSettings(usage_plan=UsagePlan(quota=0)), "api.usage_plan.quota: 0 is below 1"),
    ],
)
def test_settings_out_of_bounds_are_refused(
    stack: Stack, function: FunctionProperties, settings: RestSettings, says: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(stack, "orders", api=settings, routes={"GET /": Route(name="read", function=function)})

    assert f"shop/orders.{says}" in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("GET /a/{x}", "PUT /a/{y}", "has {y} where GET /a/{x} has {x}"),
        ("GET /a/{x}", "GET /a/{rest+}", "has {rest+} where GET /a/{x} has {x}"),
        ("GET /{x}", "$default", "has {proxy+} where GET /{x} has {x}"),
        ("ANY /", "$default", "takes ANY /, as ANY / does"),
        ("GET /a", "GET /it's", "\"it's\" has characters that a REST API's paths do not"),
    ],
)
def test_routes_that_a_rest_api_cannot_have_are_refused(
    stack: Stack, function: FunctionProperties, first: str, second: str, says: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack,
            "orders",
            api=RestSettings(),
            routes={first: Route(name="read", function=function), second: Route(function="read")},
        )

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("domain", "says"),
    [
        (CustomDomain(domain_name="API.example.com", certificate=CERTIFICATE), "domain.domain_name: 'API.example.com'"),
        (CustomDomain(domain_name="localhost", certificate=CERTIFICATE), "domain.domain_name: 'localhost'"),
        (CustomDomain(domain_name="api.example.com", certificate="mine"), "domain.certificate: 'mine' is no ARN"),
    ],
)
def test_a_domain_that_cannot_be_is_refused(
    stack: Stack, function: FunctionProperties, domain: CustomDomain, says: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(stack, "orders", domain=domain, routes={"GET /": Route(name="read", function=function)})

    assert f"shop/orders.{says}" in str(refused.value)
