"""WebSocket APIs, function URLs and load balancers in front of a backend's functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.api_doors import ApiSettings
from lambdakit.constructs.authorizers import CognitoAuthorizer, IamAuthorizer
from lambdakit.constructs.custom_domain import CustomDomain
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url import FunctionUrl
from lambdakit.constructs.function_url_api import FunctionUrlSettings
from lambdakit.constructs.http_api import ApiProperties, Cors, Throttle
from lambdakit.constructs.load_balancer_api import LoadBalancerSettings
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.constructs.rest_api import RestSettings
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.user_pool import UserPoolProperties
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
QUIET = NetworkProperties(flow_log_retention=None)


def resources(stack: Stack, type_name: str) -> dict[str, Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: resource["Properties"] for logical_id, resource in found.items()}


def outputs(stack: Stack) -> dict[str, Any]:
    return {name: each["Value"] for name, each in assertions.Template.from_stack(stack).find_outputs("*").items()}


def texts(value: Any) -> str:
    return "".join(part if isinstance(part, str) else "<>" for part in value["Fn::Join"][1])


def test_functions_of_a_websocket_api_may_write_to_the_connections_of_its_stage(
    stack: Stack, function: FunctionProperties
) -> None:
    ApiBackend(
        stack,
        "chat",
        api=WebSocketSettings(route_selection_expression="$request.body.kind"),
        table=TableProperties(partition_key="connection"),
        routes={
            "$connect": Route(name="join", function=function, table_access="write"),
            "$disconnect": Route(function="join"),
            "say": Route(function=replace(function, environment={"CONNECTIONS_URL": "mine"}), name="say"),
        },
    )

    ((api_id, api),) = resources(stack, "AWS::ApiGatewayV2::Api").items()
    (stage,) = resources(stack, "AWS::ApiGatewayV2::Stage").values()
    assert (api["ProtocolType"], api["RouteSelectionExpression"]) == ("WEBSOCKET", "$request.body.kind")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("prod", True)
    assert "eventType" in stage["AccessLogSettings"]["Format"]
    policies = resources(stack, "AWS::IAM::Policy")
    granted = [
        statement
        for name, policy in policies.items()
        if "join" in name or "say" in name
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "execute-api:ManageConnections"
    ]
    assert [texts(each["Resource"]) for each in granted] == ["arn:<>:execute-api:<>:<>:<>/prod/*/@connections/*"] * 2
    assert all({"Ref": api_id} in each["Resource"]["Fn::Join"][1] for each in granted)
    environments = {
        name: each["Environment"]["Variables"] for name, each in resources(stack, "AWS::Lambda::Function").items()
    }
    (join,) = [each for name, each in environments.items() if "join" in name]
    (say,) = [each for name, each in environments.items() if "say" in name]
    assert texts(join["CONNECTIONS_URL"]) == "https://<>.execute-api.<>.<>/prod"
    assert say == {"CONNECTIONS_URL": "mine"}
    assert texts(outputs(stack)["ChatUrl"]) == "wss://<>.execute-api.<>.<>/prod"
    assert set(outputs(stack)) == {"ChatUrl", "ChatConnectionsUrl", "ChatTableName"}


def test_a_websocket_api_is_guarded_where_somebody_connects_and_answers_messages(
    stack: Stack, function: FunctionProperties
) -> None:
    ApiBackend(
        stack,
        "chat",
        api=WebSocketSettings(cloud_watch_role=False),
        authorizer=IamAuthorizer(),
        routes={"$connect": Route(name="join", function=function), "$default": Route(function="join")},
    )

    routes = {each["RouteKey"]: each for each in resources(stack, "AWS::ApiGatewayV2::Route").values()}
    assert routes["$connect"]["AuthorizationType"] == "AWS_IAM"
    assert routes["$default"]["AuthorizationType"] == "NONE"
    (response,) = resources(stack, "AWS::ApiGatewayV2::RouteResponse").values()
    assert response["RouteResponseKey"] == "$default"
    assert resources(stack, "AWS::ApiGateway::Account") == {}


@pytest.mark.parametrize(("public", "auth_type"), [(False, "AWS_IAM"), (True, "NONE")])
def test_an_address_takes_signed_requests_unless_its_route_is_public(
    stack: Stack, function: FunctionProperties, public: bool, auth_type: str
) -> None:
    backend = ApiBackend(
        stack,
        "hook",
        api=FunctionUrlSettings(invoke_mode="response_stream"),
        cors=Cors(allow_origins=["https://example.com"]),
        routes={"$default": Route(name="answer", function=function, public=public)},
    )

    (url,) = resources(stack, "AWS::Lambda::Url").values()
    assert (url["AuthType"], url["InvokeMode"]) == (auth_type, "RESPONSE_STREAM")
    # The alias, not $LATEST.
    assert url["Qualifier"] == "live"
    assert url["Cors"]["AllowOrigins"] == ["https://example.com"]
    assert set(outputs(stack)) == {"HookUrl"}
    assert isinstance(backend.api, lambda_.FunctionUrl)


def test_a_load_balancer_asks_its_rules_from_the_exact_to_the_general(
    stack: Stack, function: FunctionProperties
) -> None:
    network = Network(stack, "net", vpc=QUIET)
    ApiBackend(
        stack,
        "inner",
        api=LoadBalancerSettings(network=network),
        routes={
            "ANY /{proxy+}": Route(name="rest", function=function),
            "ANY /orders/{id}": Route(function="rest"),
            "GET /orders/{id}": Route(name="read", function=function),
            "GET /orders/{id}/lines": Route(function="read"),
            "GET /orders/special": Route(function="read"),
            "GET /": Route(function="read"),
        },
    )

    rules = sorted(resources(stack, "AWS::ElasticLoadBalancingV2::ListenerRule").values(), key=lambda r: r["Priority"])
    conditions = [[next(iter(c.values()))["Values"][0] for c in map(_config, rule["Conditions"])] for rule in rules]
    assert conditions == [
        ["/orders/special", "GET"],
        ["/", "GET"],
        ["/orders/*/lines", "GET"],
        ["/orders/*", "GET"],
        ["/orders/*"],
        ["/*"],
    ]
    assert [rule["Priority"] for rule in rules] == [1, 2, 3, 4, 5, 6]
    (listener,) = resources(stack, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"


def _config(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in condition.items() if name != "Field"}


def test_a_load_balancer_is_internal_and_logged_with_a_group_for_each_function(
    stack: Stack, function: FunctionProperties
) -> None:
    network = Network(stack, "net", vpc=QUIET)
    ApiBackend(
        stack,
        "inner",
        api=LoadBalancerSettings(network=network),
        routes={
            "GET /a": Route(name="one", function=function),
            "GET /b": Route(function="one"),
            "$default": Route(name="two", function=function),
        },
    )

    template = assertions.Template.from_stack(stack)
    ((_, balancer),) = template.find_resources("AWS::ElasticLoadBalancingV2::LoadBalancer").items()
    attributes = {each["Key"]: each["Value"] for each in balancer["Properties"]["LoadBalancerAttributes"]}
    assert balancer["Properties"]["Scheme"] == "internal"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"
    groups = resources(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")
    aliases = resources(stack, "AWS::Lambda::Alias")
    assert sorted(str(each["Targets"][0]["Id"]) for each in groups.values()) == sorted(
        str({"Ref": alias}) for alias in aliases
    )
    for permission in resources(stack, "AWS::Lambda::Permission").values():
        assert permission["Principal"] == "elasticloadbalancing.amazonaws.com"
        assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert texts(permission["SourceArn"]) == "arn:<>:elasticloadbalancing:<>:<>:targetgroup/*"
    (listener,) = resources(stack, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert listener["DefaultActions"][0]["Type"] == "forward"
    (group,) = [each for each in resources(stack, "AWS::EC2::SecurityGroup").values() if "SecurityGroupIngress" in each]
    (ingress,) = group["SecurityGroupIngress"]
    # Those in the VPC alone.
    assert "CidrBlock" in str(ingress["CidrIp"])


def test_a_load_balancer_for_everybody_takes_https(stack: Stack, function: FunctionProperties) -> None:
    network = Network(stack, "net", vpc=NetworkProperties(nat_gateways=1, flow_log_retention=None))
    ApiBackend(
        stack,
        "outer",
        api=LoadBalancerSettings(
            network=network, certificate=CERTIFICATE, internet_facing=True, access_log=False, deletion_protection=True
        ),
        routes={"GET /a": Route(name="one", function=function)},
    )

    (balancer,) = resources(stack, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    (listener,) = resources(stack, "AWS::ElasticLoadBalancingV2::Listener").values()
    attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
    assert (balancer["Scheme"], attributes["deletion_protection.enabled"]) == ("internet-facing", "true")
    assert "access_logs.s3.enabled" not in attributes
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert texts(outputs(stack)["OuterUrl"]) == "https://<>"
    assert set(outputs(stack)) == {"OuterUrl", "OuterDomainTarget"}


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        (["GET /hook"], "'GET /hook' would be one of several routes"),
        (["$default", "ANY /{proxy+}"], "routes: 2 routes, and a function's address has one function and one route"),
    ],
)
def test_an_address_has_one_route(stack: Stack, function: FunctionProperties, routes: list[str], says: str) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack,
            "hook",
            api=FunctionUrlSettings(),
            routes={key: Route(name=f"answer{place}", function=function) for place, key in enumerate(routes)},
        )

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("GET /a/{x}", "GET /a/{rest+}", "gives the rule GET /a/*, as GET /a/{x} does"),
        ("GET /a", "GET /a=b", "/a=b is no path of a rule"),
        ("GET /a", "GET /{a}/{b}/{c}/{d}/{e}", "has 5 variables; with its method, a rule may have 5"),
    ],
)
def test_routes_that_rules_cannot_tell_apart_are_refused(
    stack: Stack, function: FunctionProperties, first: str, second: str, says: str
) -> None:
    network = Network(stack, "net", vpc=QUIET)

    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack,
            "inner",
            api=LoadBalancerSettings(network=network),
            routes={first: Route(name="read", function=function), second: Route(function="read")},
        )

    assert says in str(refused.value)


@pytest.mark.parametrize("key", ["GET /orders", "$conect", "", "a word", "x" * 129])
def test_a_websocket_route_that_is_none_is_refused(stack: Stack, function: FunctionProperties, key: str) -> None:
    with pytest.raises(SynthesisError, match="is no route of a WebSocket API"):
        ApiBackend(stack, "chat", api=WebSocketSettings(), routes={key: Route(name="read", function=function)})


@pytest.mark.parametrize(
    ("settings", "keywords", "says"),
    [
        (WebSocketSettings(), {"cors": Cors(allow_origins=["*"])}, "cors: an API of type websocket has no cors"),
        (FunctionUrlSettings(), {"throttle": Throttle(rate_limit=1)}, "throttle: an API of type function_url has no"),
        (
            FunctionUrlSettings(),
            {"domain": CustomDomain(domain_name="api.example.com", certificate=CERTIFICATE)},
            "domain: an API of type function_url has no domain",
        ),
        (
            WebSocketSettings(route_selection_expression="action"),
            {},
            "api.route_selection_expression: 'action' names no part of a message's body",
        ),
    ],
)
def test_what_a_type_has_no_place_for_is_refused(
    stack: Stack, function: FunctionProperties, settings: ApiSettings, keywords: dict[str, Any], says: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(stack, "shop", api=settings, routes={"$default": Route(name="read", function=function)}, **keywords)

    assert f"shop/shop.{says}" in str(refused.value)


def test_a_second_address_of_the_function_is_refused(stack: Stack, function: FunctionProperties) -> None:
    with pytest.raises(SynthesisError, match=r"function_url: the function has its address by the API already"):
        ApiBackend(
            stack,
            "hook",
            api=FunctionUrlSettings(),
            routes={"$default": Route(name="answer", function=replace(function, function_url=FunctionUrl()))},
        )


def test_a_subclass_changes_one_part_and_keeps_the_rest(stack: Stack, function: FunctionProperties) -> None:
    class Mine(ApiBackend):
        def make_rest_api(self, properties: ApiProperties, settings: RestSettings) -> apigateway.RestApi:
            return super().make_rest_api(replace(properties, throttle=Throttle(rate_limit=7)), settings)

        def make_user_pool(self, properties: UserPoolProperties) -> cognito.UserPool:
            return super().make_user_pool(replace(properties, mfa="required"))

    Mine(
        stack,
        "orders",
        api=RestSettings(),
        authorizer=CognitoAuthorizer(),
        routes={"GET /": Route(name="read", function=function)},
    )

    (stage,) = resources(stack, "AWS::ApiGateway::Stage").values()
    (pool,) = resources(stack, "AWS::Cognito::UserPool").values()
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] == 7
    assert pool["MfaConfiguration"] == "ON"


def test_existing_functions_are_wired_as_they_are(stack: Stack, code: Path) -> None:
    known = lambda_.Function(
        stack,
        "Known",
        code=lambda_.Code.from_asset(str(code)),
        handler="app.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
    )

    for id, settings, key in (
        ("store", RestSettings(cloud_watch_role=False), "GET /"),
        ("hook", FunctionUrlSettings(), "$default"),
        ("chat", WebSocketSettings(cloud_watch_role=False), "$connect"),
        ("inner", LoadBalancerSettings(network=Network(stack, "net", vpc=QUIET)), "GET /"),
    ):
        backend = ApiBackend(stack, id, api=settings, routes={key: Route(function=known)})
        assert backend.functions == {}

    assert len(resources(stack, "AWS::Lambda::Function")) == 1
    called = {str(each["FunctionName"]) for each in resources(stack, "AWS::Lambda::Permission").values()}
    assert called == {str(stack.resolve(known.function_arn))}


def test_plain_text_for_everybody_is_refused(stack: Stack, function: FunctionProperties) -> None:
    network = Network(stack, "net", vpc=QUIET)

    with pytest.raises(SynthesisError, match=r"api\.certificate: a balancer that everybody may call has no cert"):
        ApiBackend(
            stack,
            "inner",
            api=LoadBalancerSettings(network=network, internet_facing=True),
            routes={"GET /": Route(name="read", function=function)},
        )
