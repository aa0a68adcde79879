"""What a template says of Lambda's resources, and what the Lambda API then returns of them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.cloudformation import CloudFormation
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


def test_what_the_template_says_no_more_of_a_function_is_its_default_again(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "plainer")
    said: dict[str, Any] = {
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        "Description": "d",
        "Environment": {"Variables": {"KEY": "1"}},
        "EphemeralStorage": {"Size": 1024},
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/own"},
        "MemorySize": 512,
        "RecursiveLoop": "Allow",
        "ReservedConcurrentExecutions": 5,
        "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
        "SnapStart": {"ApplyOn": "PublishedVersions"},
        "Tags": [{"Key": "team", "Value": "shop"}],
        "Timeout": 25,
        "TracingConfig": {"Mode": "Active"},
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }
    client = harness.aws("lambda")

    def read(name: str) -> Any:
        found = client.get_function(FunctionName=name)
        changing = ("CodeSha256", "FunctionArn", "FunctionName", "LastModified", "RevisionId", "Role")
        configuration = {key: value for key, value in found["Configuration"].items() if key not in changing}
        configuration["LoggingConfig"] = {**configuration["LoggingConfig"], "LogGroup": ""}
        recursion = client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]
        runtime = client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"]
        tags = {key for key in found.get("Tags", {}) if not key.startswith("aws:")}
        return configuration, found.get("Concurrency"), recursion, runtime, tags

    capabilities = ["CAPABILITY_IAM"]
    cloudformation.create({"Resources": function("Fn", **said)}, Capabilities=capabilities)
    name = cloudformation.physical_id("Fn")
    first = read(name)
    cloudformation.update({"Resources": {**function("Fn"), **function("New")}}, Capabilities=capabilities)

    assert cloudformation.status() == "UPDATE_COMPLETE"
    assert read(name) == read(cloudformation.physical_id("New")) != first
    cloudformation.clean()


def test_tags_of_a_code_signing_configuration_are_the_templates(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "signed")
    profiles = ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/1"]
    client = harness.aws("lambda")

    def template(**tags: str) -> dict[str, Any]:
        properties = {
            "AllowedPublishers": {"SigningProfileVersionArns": profiles},
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        return {"Resources": {"Signing": {"Type": "AWS::Lambda::CodeSigningConfig", "Properties": properties}}}

    cloudformation.create(template(team="a", gone="b"))
    arn = cloudformation.physical_id("Signing")
    first = client.list_tags(Resource=arn)["Tags"]
    cloudformation.update(template(team="c", new="d"))
    second = client.list_tags(Resource=arn)["Tags"]
    cloudformation.clean()

    assert first == {"team": "a", "gone": "b"}
    assert second == {"team": "c", "new": "d"}


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


def test_a_version_of_what_has_one_already_is_refused(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "versioned")

    def template(description: str, memory: int) -> dict[str, Any]:
        resources = function("Fn", FunctionName="orders", MemorySize=memory) | published("Fn")
        resources["FnVersion"]["Properties"]["Description"] = description
        return {"Resources": resources}

    cloudformation.create(template("first", 256), Capabilities=["CAPABILITY_IAM"])

    cloudformation.update(template("second", 256), Capabilities=["CAPABILITY_IAM"])

    assert cloudformation.status() == "UPDATE_ROLLBACK_COMPLETE"
    reason = "A version for this Lambda function exists ( 1 ). Modify the function to create a new version."
    assert cloudformation.reasons()["FnVersion", "UPDATE_FAILED"] == reason
    assert harness.invoke("orders", qualifier="live").status == 200
    cloudformation.update(template("second", 512), Capabilities=["CAPABILITY_IAM"])
    assert cloudformation.status() == "UPDATE_COMPLETE"
    assert harness.aws("lambda").get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "2"
    cloudformation.clean()


def test_an_alias_keeps_its_name_when_its_function_gets_another(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "renamed")
    templates = [{"Resources": function("Fn", FunctionName=name) | published("Fn")} for name in ("one", "two")]
    cloudformation.create(templates[0], Capabilities=["CAPABILITY_NAMED_IAM"])

    cloudformation.update(templates[1], Capabilities=["CAPABILITY_NAMED_IAM"])

    assert cloudformation.status() == "UPDATE_COMPLETE", cloudformation.reasons()
    assert harness.invoke("two", qualifier="live").status == 200
    assert [found["FunctionName"] for found in harness.aws("lambda").list_functions()["Functions"]] == ["two"]
    cloudformation.clean()


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
