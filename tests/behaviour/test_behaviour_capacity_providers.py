"""Lambda Managed Instances, as far as nothing is launched: capacity providers, and the functions that name one.

Source: AWS Lambda Developer Guide, "Capacity providers", "Python runtime for Lambda Managed Instances"; AWS Lambda API
Reference, "CreateCapacityProvider" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.errors import DeploymentError
from tests.fakes.cloudformation import CloudFormation
from tests.fakes.lambda_api import create_function
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-capacity-providers")

ROLE = "arn:aws:iam::123456789012:role/operator"
VPC = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
ARN = "arn:aws:lambda:us-east-1:123456789012:capacity-provider"


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    lambda_client = harness.aws("lambda")
    yield lambda_client
    for provider in lambda_client.list_capacity_providers()["CapacityProviders"]:
        lambda_client.delete_capacity_provider(CapacityProviderName=provider["CapacityProviderArn"])


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path) -> Iterator[Stacks]:
    made = Stacks(harness, tmp_path, "capacity")
    yield made
    made.destroy()


def create(client: Any, name: str = "fleet", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = client.create_capacity_provider(
        CapacityProviderName=name,
        VpcConfig=VPC,
        PermissionsConfig={"CapacityProviderOperatorRoleArn": ROLE},
        **more,
    )["CapacityProvider"]
    return made


def on(name: str = "fleet", **more: Any) -> dict[str, Any]:
    """What attaches a function to a provider."""
    instances = {"CapacityProviderArn": f"{ARN}:{name}", **more}
    return {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": instances}}


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_a_provider_is_kept_with_its_defaults(client: Any) -> None:
    made = create(client, Tags={"team": "a"})

    kept = client.get_capacity_provider(CapacityProviderName="fleet")["CapacityProvider"]
    assert kept == made
    assert (kept["CapacityProviderArn"], kept["State"], kept["VpcConfig"]) == (f"{ARN}:fleet", "Active", VPC)
    assert kept["CapacityProviderScalingConfig"] == {"ScalingMode": "Auto", "MaxVCpuCount": 400}
    assert kept["InstanceRequirements"] == {"Architectures": ["x86_64"]}
    assert client.list_tags(Resource=f"{ARN}:fleet")["Tags"] == {"team": "a"}


def test_a_provider_is_changed_and_deleted(client: Any) -> None:
    create(client)

    scaling = {"ScalingMode": "Auto", "MaxVCpuCount": 30}
    changed = client.update_capacity_provider(CapacityProviderName="fleet", CapacityProviderScalingConfig=scaling)
    gone = client.delete_capacity_provider(CapacityProviderName=f"{ARN}:fleet")

    assert changed["CapacityProvider"]["CapacityProviderScalingConfig"] == scaling
    assert gone["CapacityProvider"]["State"] == "Deleting"
    assert refused(client.get_capacity_provider, CapacityProviderName="fleet") == "ResourceNotFoundException"


def test_a_name_is_given_once(client: Any) -> None:
    create(client)

    assert refused(lambda: create(client)) == "ResourceConflictException"


def test_a_function_names_its_provider_and_runs(client: Any, harness: WiredHarness) -> None:
    create(client)
    source = "def handler(event, context): return {'n': event['n'] * 2}"
    create_function(client, "managed", source, MemorySize=2048, **on(PerExecutionEnvironmentMaxConcurrency=10))

    configuration = client.get_function_configuration(FunctionName="managed")
    answer = harness.invoke("managed", b'{"n": 4}')
    versions = client.list_function_versions_by_capacity_provider(CapacityProviderName="fleet")

    assert (answer.status, answer.json()) == (200, {"n": 8})
    assert (
        configuration["CapacityProviderConfig"]
        == on(PerExecutionEnvironmentMaxConcurrency=10)["CapacityProviderConfig"]
    )
    assert "VpcConfig" not in configuration
    assert configuration["LoggingConfig"]["LogFormat"] == "JSON"
    assert [version["FunctionArn"].rpartition(":")[2] for version in versions["FunctionVersions"]] == ["$LATEST"]
    assert refused(client.delete_capacity_provider, CapacityProviderName="fleet") == "ResourceConflictException"
    client.delete_function(FunctionName="managed")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (on("nobody"), "ResourceNotFoundException"),
        ({**on(), "VpcConfig": {"SubnetIds": ["subnet-9"], "SecurityGroupIds": []}}, "InvalidParameterValueException"),
        (on(PerExecutionEnvironmentMaxConcurrency=1601), "ValidationException"),
    ],
    ids=["no such provider", "a network of its own", "too many at once"],
)
def test_a_function_that_does_not_fit_is_refused(client: Any, more: Mapping[str, Any], code: str) -> None:
    create(client)

    assert refused(lambda: create_function(client, "managed", **more)) == code


def _network() -> Resources:
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "instances", "VpcId": {"Ref": "Vpc"}},
        },
    }


def _provider(**more: Any) -> Resources:
    return {
        "Fleet": {
            "Type": "AWS::Lambda::CapacityProvider",
            "Properties": {
                "VpcConfig": {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Ref": "Group"}]},
                "PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE},
                **more,
            },
        }
    }


CALLER = """

def handler(event, context):
    import boto3
    from botocore.config import Config
    client = boto3.client("sqs", config=Config(connect_timeout=1, read_timeout=1, retries={"max_attempts": 0}))
    try:
        client.list_queues()
        return "reached"
    except Exception as error:
        return type(error).__name__
"""


def test_a_deployed_function_is_in_its_providers_network(tmp_path: Path) -> None:
    instances = {"CapacityProviderArn": {"Fn::GetAtt": ["Fleet", "Arn"]}, "ExecutionEnvironmentMemoryGiBPerVCpu": 4}
    config = {"LambdaManagedInstancesCapacityProviderConfig": instances}
    with WiredHarness(enforce_network="on") as harness:
        stacks = Stacks(harness, tmp_path, "capacity")
        made = stacks.deploy(
            {**_network(), **_provider(), **function("Managed", CALLER, CapacityProviderConfig=config)}
        )

        answer = harness.invoke(physical_id(made, "Managed"))
        told = [event["note"] for event in harness.events("RuntimeNote")]
        recorded = [event["pointer"] for event in harness.events("PropertyRecorded")]
        stacks.destroy()

    # There is no way from the provider's subnet to the service.
    assert answer.json() != "reached"
    assert any(note.startswith("runs on no managed instance here") for note in told)
    assert any(pointer.endswith("ExecutionEnvironmentMemoryGiBPerVCpu") for pointer in recorded)


def test_a_deployed_provider_that_says_less_is_as_a_new_one(harness: WiredHarness, client: Any) -> None:
    cloudformation = CloudFormation(harness, "fleets")
    scaling = {"MaxVCpuCount": 40, "ScalingMode": "Auto"}
    first = _provider(CapacityProviderScalingConfig=scaling, Tags=[{"Key": "team", "Value": "a"}])

    def read(logical_id: str) -> tuple[Any, Any]:
        found = client.get_capacity_provider(CapacityProviderName=cloudformation.physical_id(logical_id))
        provider = found["CapacityProvider"]
        return provider.get("CapacityProviderScalingConfig"), client.list_tags(
            Resource=provider["CapacityProviderArn"]
        ).get("Tags")

    cloudformation.create({"Resources": {**_network(), **first}})
    before = read("Fleet")
    cloudformation.update({"Resources": {**_network(), **_provider(), "New": _provider()["Fleet"]}})
    after, fresh = read("Fleet"), read("New")
    cloudformation.clean()

    assert before[1] == {"team": "a"}
    assert after == fresh != before


def test_a_deployed_provider_is_changed_and_goes_with_its_stack(stacks: Stacks, client: Any) -> None:
    made = stacks.deploy({**_network(), **_provider(Tags=[{"Key": "team", "Value": "a"}])})
    name = physical_id(made, "Fleet")

    kept = client.get_capacity_provider(CapacityProviderName=name)["CapacityProvider"]
    stacks.destroy()

    assert kept["VpcConfig"]["SubnetIds"] == [physical_id(made, "Subnet")]
    assert refused(client.get_capacity_provider, CapacityProviderName=name) == "ResourceNotFoundException"


def test_a_provider_without_a_network_is_refused(stacks: Stacks) -> None:
    provider = _provider()
    del provider["Fleet"]["Properties"]["VpcConfig"]

    with pytest.raises(DeploymentError) as problem:
        stacks.deploy(provider)

    assert "subnetids" in str(problem.value).lower()
