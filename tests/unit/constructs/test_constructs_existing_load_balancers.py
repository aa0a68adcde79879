"""Backends behind balancers and listeners that are there already, and a WebSocket API behind a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.custom_domain import CustomDomain
from lambdakit.constructs.existing_load_balancer import ExistingListener, ExistingLoadBalancer
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.monitoring.dashboard import DashboardProperties
from lambdakit.constructs.routes import Route
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = f"{ARN}:listener/app/web/0123456789abcdef/fedcba9876543210"
BALANCER = f"{ARN}:loadbalancer/app/web/0123456789abcdef"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
URL = "https://shop.example.com"


def _resources(stack: Stack, type_name: str) -> dict[str, Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: each["Properties"] for logical_id, each in found.items()}


def _rules(stack: Stack) -> dict[int, Mapping[str, Any]]:
    """By priority."""
    return {each["Priority"]: each for each in _resources(stack, "AWS::ElasticLoadBalancingV2::ListenerRule").values()}


def _routes(function: FunctionProperties, *keys: str) -> dict[str, Route]:
    first, *others = keys
    return {first: Route(name="one", function=function), **{key: Route(function="one") for key in others}}


def test_a_listener_gets_a_rule_for_each_route_and_keeps_its_own(stack: Stack, function: FunctionProperties) -> None:
    settings = ExistingListener(listener=LISTENER, url=URL, first_priority=100, hosts=["shop.example.com"])

    made = ApiBackend(
        stack, "shop", api=settings, routes=_routes(function, "GET /orders", "$default", "GET /orders/{id}")
    )

    rules = _rules(stack)
    assert sorted(rules) == [100, 101, 102]
    assert {each["ListenerArn"] for each in rules.values()} == {LISTENER}
    paths = [rules[number]["Conditions"][0]["PathPatternConfig"]["Values"] for number in (100, 101, 102)]
    assert paths == [["/orders"], ["/orders/*"], ["*"]]
    hosts = [each["Conditions"][-1]["HostHeaderConfig"]["Values"] for each in rules.values()]
    assert hosts == [["shop.example.com"]] * 3
    # One group for the one function, and nothing of the balancer's own.
    assert len(_resources(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")) == 1
    assert _resources(stack, "AWS::ElasticLoadBalancingV2::Listener") == {}
    assert (made.url, made.api) == (URL, LISTENER)


def test_an_imported_listener_will_do(stack: Stack, function: FunctionProperties) -> None:
    group = ec2.SecurityGroup.from_security_group_id(stack, "group", "sg-1")
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack, "listener", listener_arn=LISTENER, security_group=group
    )

    made = ApiBackend(
        stack,
        "shop",
        api=ExistingListener(listener=listener, url=URL),
        routes=_routes(function, "GET /orders"),
        dashboard=DashboardProperties(),
    )

    assert list(_rules(stack)) == [1]
    assert made.api is listener
    (dashboard,) = _resources(stack, "AWS::CloudWatch::Dashboard").values()
    assert "app/web/0123456789abcdef" in str(dashboard["DashboardBody"])


def test_a_balancer_of_the_same_stack_gets_a_listener(stack: Stack, function: FunctionProperties) -> None:
    vpc = ec2.Vpc(stack, "vpc", max_azs=2, nat_gateways=0, restrict_default_security_group=False)
    balancer = elbv2.ApplicationLoadBalancer(
        stack, "web", vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnets=vpc.public_subnets)
    )

    made = ApiBackend(
        stack,
        "shop",
        api=ExistingLoadBalancer(
            load_balancer=balancer, port=8443, certificate=CERTIFICATE, callers=ec2.Peer.ipv4("10.0.0.0/8")
        ),
        routes=_routes(function, "GET /orders", "$default"),
    )

    (listener,) = _resources(stack, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Port"], listener["Protocol"]) == (8443, "HTTPS")
    assert listener["DefaultActions"][0]["Type"] == "forward"
    (group,) = (each for name, each in _resources(stack, "AWS::EC2::SecurityGroup").items() if name.startswith("web"))
    assert [(each["CidrIp"], each["FromPort"]) for each in group["SecurityGroupIngress"]] == [("10.0.0.0/8", 8443)]
    assert len(_resources(stack, "AWS::ElasticLoadBalancingV2::LoadBalancer")) == 1
    assert made.api is balancer
    assert stack.resolve(made.url)["Fn::Join"][1][-1] == ":8443"


def test_a_balancer_known_by_its_arn_needs_its_address(stack: Stack, function: FunctionProperties) -> None:
    made = ApiBackend(
        stack,
        "shop",
        api=ExistingLoadBalancer(load_balancer=BALANCER, url=URL, certificate=CERTIFICATE),
        routes=_routes(function, "GET /orders"),
    )

    (listener,) = _resources(stack, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Port"], listener["LoadBalancerArn"]) == (443, BALANCER)
    assert made.url == URL


# Source: API CreateRule, Priority: 1 to 50000; API CreateListener, Port: 1 to 65535; Elastic Load Balancing, "Quotas
# for your Application Load Balancers": 5 condition values of a rule
@pytest.mark.parametrize(
    ("settings", "pointers"),
    [
        (ExistingListener(listener=LISTENER, url=URL, first_priority=0), ["first_priority"]),
        (ExistingListener(listener=LISTENER, url=URL, first_priority=1), []),
        (ExistingListener(listener=LISTENER, url=URL, first_priority=49_999), []),
        (ExistingListener(listener=LISTENER, url=URL, first_priority=50_000), ["first_priority"]),
        (ExistingListener(listener=LISTENER, url=f"{URL}/"), ["url"]),
        (ExistingListener(listener=LISTENER, url=URL, hosts=["a.b", "c.d", "*.e.f"]), []),
        (ExistingListener(listener=LISTENER, url=URL, hosts=["a.b", "c.d", "e.f", "g.h"]), ["hosts"]),
        (ExistingListener(listener=LISTENER, url=URL, hosts=["a b"]), ["hosts[0]"]),
        (ExistingListener(listener=BALANCER, url=URL), ["listener"]),
        (ExistingLoadBalancer(load_balancer=LISTENER, url=URL), ["load_balancer"]),
        (ExistingLoadBalancer(load_balancer=BALANCER), ["url"]),
        (ExistingLoadBalancer(load_balancer=BALANCER, url=URL, port=0), ["port"]),
        (ExistingLoadBalancer(load_balancer=BALANCER, url=URL, port=1), []),
        (ExistingLoadBalancer(load_balancer=BALANCER, url=URL, port=65_535), []),
        (ExistingLoadBalancer(load_balancer=BALANCER, url=URL, port=65_536), ["port"]),
        (ExistingLoadBalancer(load_balancer=BALANCER, url=URL, certificate="mine"), ["certificate"]),
    ],
)
def test_bounds_of_existing_balancers(
    stack: Stack, function: FunctionProperties, settings: Any, pointers: list[str]
) -> None:
    routes = _routes(function, "GET /a", "GET /b")

    if not pointers:
        ApiBackend(stack, "shop", api=settings, routes=routes)
        return
    with pytest.raises(SynthesisError) as caught:
        ApiBackend(stack, "shop", api=settings, routes=routes)
    assert [each.pointer.removeprefix("shop/shop.api.") for each in caught.value.diagnostics] == pointers


def test_who_is_let_in_is_not_known_of_an_arn(stack: Stack, function: FunctionProperties) -> None:
    settings = ExistingLoadBalancer(load_balancer=BALANCER, url=URL, callers=ec2.Peer.any_ipv4())

    with pytest.raises(SynthesisError, match=r"api\.callers: an ARN does not tell which security groups"):
        ApiBackend(stack, "shop", api=settings, routes=_routes(function, "GET /a"))


def test_a_websocket_api_answers_at_a_name_of_ones_own(stack: Stack, function: FunctionProperties) -> None:
    made = ApiBackend(
        stack,
        "chat",
        api=WebSocketSettings(cloud_watch_role=False),
        domain=CustomDomain(domain_name="chat.example.com", certificate=CERTIFICATE),
        routes={"$connect": Route(name="join", function=function)},
    )

    (domain,) = _resources(stack, "AWS::ApiGatewayV2::DomainName").values()
    (mapping,) = _resources(stack, "AWS::ApiGatewayV2::ApiMapping").values()
    (stage_id,) = _resources(stack, "AWS::ApiGatewayV2::Stage")
    assert (made.url, domain["DomainName"]) == ("wss://chat.example.com", "chat.example.com")
    assert mapping["Stage"] == "prod"
    (whole,) = assertions.Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::ApiMapping").values()
    assert stage_id in whole["DependsOn"]
    outputs = assertions.Template.from_stack(stack).find_outputs("*")
    assert {"ChatUrl", "ChatDomainTarget", "ChatConnectionsUrl"} <= set(outputs)
    (sent,) = _resources(stack, "AWS::Lambda::Function").values()
    # Functions write to connections at the API's own address, which is there whoever owns the name.
    assert "execute-api" in str(sent["Environment"]["Variables"]["CONNECTIONS_URL"])
