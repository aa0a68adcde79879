"""Layers, code signing and the runtime's settings through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-layers")

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:shared"
PROFILE = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/1"
UNKNOWN_SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-00000000000000000"


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    yield client
    for layer in client.list_layers()["Layers"]:
        for version in client.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]:
            client.delete_layer_version(LayerName=layer["LayerName"], VersionNumber=version["Version"])
    delete_functions(client)
    for config in client.list_code_signing_configs()["CodeSigningConfigs"]:
        client.delete_code_signing_config(CodeSigningConfigArn=config["CodeSigningConfigArn"])


def _publish(client: Any, source: str = "VALUE = 1", **given: Any) -> Any:
    content = {"ZipFile": zip_of(source, "python/shared.py")}
    return client.publish_layer_version(**{"LayerName": "shared", "Content": content, **given})


class TestLayers:
    def test_a_function_imports_from_one(self, client: Any) -> None:
        published = _publish(client, "VALUE = 41", CompatibleRuntimes=["python3.13"], Description="numbers")
        arn = published["LayerVersionArn"]
        source = "import shared\ndef handler(event, context): return shared.VALUE"
        create_function(client, "orders", source, Layers=[arn])

        assert client.invoke(FunctionName="orders")["Payload"].read() == b"41"
        configuration = client.get_function_configuration(FunctionName="orders")
        assert configuration["Layers"] == [{"Arn": arn, "CodeSize": published["Content"]["CodeSize"]}]
        assert client.update_function_configuration(FunctionName="orders", Layers=[]).get("Layers") is None
        assert "FunctionError" in client.invoke(FunctionName="orders")

    def test_versions_are_read_listed_and_deleted(self, client: Any) -> None:
        first = _publish(client, CompatibleRuntimes=["python3.13"], LicenseInfo="MIT")
        number = first["Version"]
        second = _publish(client, "VALUE = 2", CompatibleArchitectures=["arm64"])

        assert second["LayerVersionArn"] == f"{LAYER}:{number + 1}"
        found = client.get_layer_version(LayerName="shared", VersionNumber=number)
        assert (found["CompatibleRuntimes"], found["LicenseInfo"]) == (["python3.13"], "MIT")
        assert client.get_layer_version_by_arn(Arn=first["LayerVersionArn"])["Version"] == number
        listed = client.list_layer_versions(LayerName=LAYER)["LayerVersions"]
        assert [version["Version"] for version in listed] == [number + 1, number]
        matching = client.list_layers(CompatibleRuntime="python3.13")["Layers"]
        assert [layer["LatestMatchingVersion"]["Version"] for layer in matching] == [number]
        assert client.list_layers(CompatibleRuntime="nodejs22.x")["Layers"] == []
        for _ in range(2):
            client.delete_layer_version(LayerName="shared", VersionNumber=number + 1)
        assert _publish(client)["Version"] == number + 2
        assert refusal(client.get_layer_version, LayerName="shared", VersionNumber=number + 1) == (
            404,
            "ResourceNotFoundException",
            "The resource you requested does not exist.",
        )

    def test_a_version_may_be_shared(self, client: Any) -> None:
        version = _publish(client)["Version"]
        names = {"LayerName": "shared", "VersionNumber": version}

        added = client.add_layer_version_permission(
            **names,
            StatementId="all",
            Action="lambda:GetLayerVersion",
            Principal="*",
            OrganizationId="o-a1b2c3d4e5",
        )

        policy = client.get_layer_version_policy(**names)
        assert json.loads(policy["Policy"])["Statement"] == [json.loads(added["Statement"])]
        assert json.loads(added["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        stale = refusal(client.remove_layer_version_permission, **names, StatementId="all", RevisionId="old")
        assert stale[:2] == (412, "PreconditionFailedException")
        client.remove_layer_version_permission(**names, StatementId="all", RevisionId=policy["RevisionId"])
        assert refusal(client.get_layer_version_policy, **names)[1] == "ResourceNotFoundException"
        assert refusal(client.remove_layer_version_permission, **names, StatementId="all")[0] == 404

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"Content": {"ZipFile": b"no zip"}}, "InvalidParameterValueException"),
            ({"Content": {}}, "InvalidParameterValueException"),
            ({"LayerName": "a b"}, "ValidationException"),
            ({"CompatibleRuntimes": ["cobol"]}, "ValidationException"),
            ({"CompatibleArchitectures": ["mips"]}, "ValidationException"),
        ],
    )
    def test_bad_input_makes_nothing(self, client: Any, given: dict[str, Any], code: str) -> None:
        assert refusal(lambda: _publish(client, **given))[1] == code
        assert client.list_layers()["Layers"] == []

    def test_two_versions_of_a_layer_are_too_many(self, client: Any) -> None:
        arns = [_publish(client, f"VALUE = {number}")["LayerVersionArn"] for number in range(2)]

        told = refusal(lambda: create_function(client, "orders", Layers=arns))

        assert told[1] == "InvalidParameterValueException"
        assert told[2].startswith("Two different versions of the same layer are not allowed")


class TestCodeSigning:
    def test_a_configuration_is_kept_and_used(self, client: Any) -> None:
        publishers = {"SigningProfileVersionArns": [PROFILE]}
        made = client.create_code_signing_config(AllowedPublishers=publishers, Tags={"a": "b"})["CodeSigningConfig"]
        arn = made["CodeSigningConfigArn"]
        create_function(client, "orders", CodeSigningConfigArn=arn)

        assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
        updated = client.update_code_signing_config(
            CodeSigningConfigArn=arn,
            Description="strict",
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
        )["CodeSigningConfig"]
        assert client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == updated
        assert client.list_tags(Resource=arn)["Tags"] == {"a": "b"}
        assert client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == [
            f"{ARN}:orders"
        ]
        assert client.get_function_code_signing_config(FunctionName="orders")["CodeSigningConfigArn"] == arn
        assert refusal(client.delete_code_signing_config, CodeSigningConfigArn=arn)[1] == "ResourceConflictException"
        client.delete_function_code_signing_config(FunctionName="orders")
        assert "CodeSigningConfigArn" not in client.get_function_code_signing_config(FunctionName="orders")
        client.put_function_code_signing_config(FunctionName="orders", CodeSigningConfigArn=arn)
        client.delete_function_code_signing_config(FunctionName="orders")
        client.delete_code_signing_config(CodeSigningConfigArn=arn)
        assert client.list_code_signing_configs()["CodeSigningConfigs"] == []

    @pytest.mark.parametrize(
        ("operation", "more", "code"),
        [
            ("get_code_signing_config", {}, "ResourceNotFoundException"),
            ("update_code_signing_config", {"Description": "x"}, "ResourceNotFoundException"),
            ("delete_code_signing_config", {}, "ResourceNotFoundException"),
            ("list_functions_by_code_signing_config", {}, "ResourceNotFoundException"),
            ("put_function_code_signing_config", {"FunctionName": "orders"}, "CodeSigningConfigNotFoundException"),
        ],
    )
    def test_an_unknown_one_is_not_found(self, client: Any, operation: str, more: dict[str, str], code: str) -> None:
        create_function(client, "orders")

        told = refusal(getattr(client, operation), CodeSigningConfigArn=UNKNOWN_SIGNING, **more)

        assert told[:2] == (404, code)


class TestRuntimeSettings:
    def test_recursion_is_stopped_unless_allowed(self, client: Any) -> None:
        create_function(client, "orders")

        assert client.get_function_recursion_config(FunctionName="orders")["RecursiveLoop"] == "Terminate"
        client.put_function_recursion_config(FunctionName="orders", RecursiveLoop="Allow")

        assert client.get_function_recursion_config(FunctionName="orders")["RecursiveLoop"] == "Allow"
        told = refusal(client.put_function_recursion_config, FunctionName="orders", RecursiveLoop="Maybe")
        assert told[1] == "ValidationException"

    def test_each_version_has_its_runtime_updates(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        runtime = f"arn:aws:lambda:us-east-1::runtime:{'a' * 64}"

        client.put_runtime_management_config(
            FunctionName="orders", Qualifier="1", UpdateRuntimeOn="Manual", RuntimeVersionArn=runtime
        )

        assert client.get_runtime_management_config(FunctionName="orders")["UpdateRuntimeOn"] == "Auto"
        found = client.get_runtime_management_config(FunctionName="orders", Qualifier="1")
        assert (found["UpdateRuntimeOn"], found["RuntimeVersionArn"]) == ("Manual", runtime)
        assert found["FunctionArn"] == f"{ARN}:orders:1"

    @pytest.mark.parametrize(
        "given",
        [
            {"UpdateRuntimeOn": "Manual"},
            {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": "a"},
            {"UpdateRuntimeOn": "x"},
        ],
    )
    def test_bad_input_changes_nothing(self, client: Any, given: dict[str, str]) -> None:
        create_function(client, "orders")
        if "RuntimeVersionArn" in given:
            given = {**given, "RuntimeVersionArn": f"arn:aws:lambda:us-east-1::runtime:{'a' * 64}"}

        assert refusal(client.put_runtime_management_config, FunctionName="orders", **given)[0] == 400

        assert client.get_runtime_management_config(FunctionName="orders")["UpdateRuntimeOn"] == "Auto"
