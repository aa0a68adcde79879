"""What a template says of Lambda's resources, and what the Lambda API then returns of them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.lambda_api import ARN, refusal
from tests.fakes.plain_assembly import function, published
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-deployed")


def test_a_function_returns_everything_that_its_template_said(harness: WiredHarness, stacks: Stacks) -> None:
    said: dict[str, Any] = {
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        "SnapStart": {"ApplyOn": "PublishedVersions"},
        "TracingConfig": {"Mode": "Active"},
    }

    stacks.deploy(
        function(
            "Fn",
            FunctionName="orders",
            MemorySize="512",
            KmsKeyArn="arn:aws:kms:us-east-1:123456789012:key/k",
            ReservedConcurrentExecutions="5",
            RecursiveLoop="Allow",
            RuntimeManagementConfig={"UpdateRuntimeOn": "FunctionUpdate"},
            Tags=[{"Key": "team", "Value": "shop"}],
            **said,
        )
    )

    client = harness.aws("lambda")
    found = client.get_function(FunctionName="orders")
    configuration = found["Configuration"]
    assert configuration["MemorySize"] == 512
    assert configuration["KMSKeyArn"] == "arn:aws:kms:us-east-1:123456789012:key/k"
    for name, value in said.items():
        assert configuration[name].items() >= value.items(), name
    assert found["Tags"]["team"] == "shop"
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert client.get_function_recursion_config(FunctionName="orders")["RecursiveLoop"] == "Allow"
    assert client.get_runtime_management_config(FunctionName="orders")["UpdateRuntimeOn"] == "FunctionUpdate"


def test_settings_of_an_alias_are_deployed_and_go_with_the_stack(harness: WiredHarness, stacks: Stacks) -> None:
    resources = function("Fn", FunctionName="orders") | published("Fn")
    resources["FnAlias"]["Properties"]["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": 1}
    live = {"FunctionName": {"Ref": "Fn"}, "Qualifier": "live"}
    resources |= {
        "Url": {
            "Type": "AWS::Lambda::Url",
            "DependsOn": "FnAlias",
            "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["Fn", "Arn"]}, "Qualifier": "live", "AuthType": "NONE"},
        },
        "Treatment": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "DependsOn": "FnAlias",
            "Properties": {**live, "MaximumRetryAttempts": "1"},
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "VisibilityTimeout": 60}},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "FnAlias"},
                "BatchSize": "5",
                "Tags": [{"Key": "a", "Value": "b"}],
            },
        },
        "Signing": {
            "Type": "AWS::Lambda::CodeSigningConfig",
            "Properties": {
                "AllowedPublishers": {
                    "SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/1"]
                }
            },
        },
    }

    deployed = stacks.deploy(resources)

    client = harness.aws("lambda")
    assert client.get_function_url_config(FunctionName="orders:live")["AuthType"] == "NONE"
    assert client.get_function_event_invoke_config(FunctionName="orders:live")["MaximumRetryAttempts"] == 1
    provisioned = client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert provisioned["RequestedProvisionedConcurrentExecutions"] == 1
    (mapping,) = client.list_event_source_mappings()["EventSourceMappings"]
    assert (mapping["FunctionArn"], mapping["BatchSize"]) == (f"{ARN}:orders:live", 5)
    assert client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"]["a"] == "b"
    assert len(client.list_code_signing_configs()["CodeSigningConfigs"]) == 1
    del deployed

    stacks.destroy()

    assert client.list_functions()["Functions"] == []
    assert client.list_event_source_mappings()["EventSourceMappings"] == []
    assert client.list_code_signing_configs()["CodeSigningConfigs"] == []
    assert refusal(client.get_function_url_config, FunctionName="orders")[1] == "ResourceNotFoundException"


def test_weights_of_an_alias_are_deployed(harness: WiredHarness, stacks: Stacks) -> None:
    resources = function("Fn", FunctionName="orders") | published("Fn")
    resources["FnAlias"]["Properties"]["RoutingConfig"] = {
        "AdditionalVersionWeights": [{"FunctionVersion": "7", "FunctionWeight": 0.5}]
    }

    with pytest.raises(LambdakitError, match=f"Function not found: {ARN}:orders:7"):
        stacks.deploy(resources)

    assert harness.aws("lambda").list_functions()["Functions"] == []


def test_a_reservation_that_starves_the_others_is_refused(harness: WiredHarness, stacks: Stacks) -> None:
    with pytest.raises(LambdakitError, match="below its minimum value of"):
        stacks.deploy(function("Fn", FunctionName="orders", ReservedConcurrentExecutions=901))

    assert harness.aws("lambda").list_functions()["Functions"] == []
