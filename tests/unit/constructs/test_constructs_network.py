from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_ec2 as ec2

from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def _of(stack: Stack, type_name: str) -> list[Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return [each.get("Properties", {}) for each in found.values()]


def test_network_of_its_own_is_isolated_and_has_the_free_endpoints(stack: Stack, function: FunctionProperties) -> None:
    network = Network(stack, "network")

    LambdaFunction(stack, "greet", **network.within(function).keywords())

    assert len(_of(stack, "AWS::EC2::Subnet")) == 2
    assert _of(stack, "AWS::EC2::NatGateway") == _of(stack, "AWS::EC2::InternetGateway") == []
    assert [each["VpcEndpointType"] for each in _of(stack, "AWS::EC2::VPCEndpoint")] == ["Gateway", "Gateway"]
    assert [each["TrafficType"] for each in _of(stack, "AWS::EC2::FlowLog")] == ["ALL"]
    (made,) = _of(stack, "AWS::Lambda::Function")
    assert len(made["VpcConfig"]["SubnetIds"]) == 2
    assert len(made["VpcConfig"]["SecurityGroupIds"]) == 1


def test_no_function_is_hidden_in_it_and_no_policy_managed(stack: Stack) -> None:
    Network(stack, "network", vpc=NetworkProperties(nat_gateways=1, endpoints=["s3", "sqs", "secretsmanager"]))

    assert _of(stack, "AWS::Lambda::Function") == []
    assert not any("ManagedPolicyArns" in each for each in _of(stack, "AWS::IAM::Role"))
    assert len(_of(stack, "AWS::EC2::NatGateway")) == 1
    kinds = sorted(each["VpcEndpointType"] for each in _of(stack, "AWS::EC2::VPCEndpoint"))
    assert kinds == ["Gateway", "Interface", "Interface"]
    assert not any(each.get("MapPublicIpOnLaunch") for each in _of(stack, "AWS::EC2::Subnet"))


def test_ipv6_reaches_the_functions(stack: Stack, function: FunctionProperties) -> None:
    network = Network(stack, "network", vpc=NetworkProperties(ipv6=True, flow_log_retention=None))

    LambdaFunction(stack, "greet", **network.within(function).keywords())

    (made,) = _of(stack, "AWS::Lambda::Function")
    assert made["VpcConfig"]["Ipv6AllowedForDualStack"] is True
    assert _of(stack, "AWS::EC2::FlowLog") == []


def test_existing_network_gets_a_security_group_alone(stack: Stack, function: FunctionProperties) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "there", vpc_id="vpc-1", availability_zones=["us-east-1a"], private_subnet_ids=["subnet-1"]
    )

    network = Network(stack, "network", vpc=vpc)

    LambdaFunction(stack, "greet", **network.within(function).keywords())
    assert _of(stack, "AWS::EC2::VPC") == []
    (made,) = _of(stack, "AWS::Lambda::Function")
    assert made["VpcConfig"]["SubnetIds"] == ["subnet-1"]


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        (NetworkProperties(max_azs=0), "max_azs"),
        (NetworkProperties(max_azs=7), "max_azs"),
        (NetworkProperties(nat_gateways=3), "nat_gateways"),
        (NetworkProperties(nat_gateways=-1), "nat_gateways"),
        (NetworkProperties(endpoints=["sqz"]), "endpoints[0]"),
        (NetworkProperties(endpoints=["s3", "s3"]), "endpoints[1]"),
        (NetworkProperties(cidr="10.0.0.0/15"), "cidr"),
        (NetworkProperties(cidr="10.0.0.0/29"), "cidr"),
        (NetworkProperties(cidr="10.0.0.1/16"), "cidr"),
        (NetworkProperties(flow_log_retention=2), "flow_log_retention"),
    ],
)
def test_what_ec2_would_refuse_is_refused_first(stack: Stack, properties: NetworkProperties, pointer: str) -> None:
    with pytest.raises(SynthesisError) as caught:
        Network(stack, "network", vpc=properties)

    assert [each.pointer for each in caught.value.diagnostics] == [f"shop/network.{pointer}"]
