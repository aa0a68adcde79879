"""`AWS::SecretsManager::*`, `AWS::SSM::*` and `AWS::ECR::*`, read back through their APIs."""

from __future__ import annotations

import dataclasses
import json
import string
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}],
}
_DENY = {**_POLICY, "Statement": [{**_POLICY["Statement"][0], "Effect": "Deny"}]}  # type: ignore[dict-item]  # a list


def _secret(provisioning: Provisioning, created: Created) -> Any:
    secrets, arn = provisioning.client("secretsmanager"), created.provisioned.physical_id
    found = secrets.describe_secret(SecretId=arn)
    return {
        "Description": found.get("Description", ""),
        "Key": found.get("KmsKeyId", ""),
        "Tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
        "Value": _value(provisioning, created),
    }


def _value(provisioning: Provisioning, created: Created) -> str:
    secrets = provisioning.client("secretsmanager")
    return str(secrets.get_secret_value(SecretId=created.provisioned.physical_id)["SecretString"])


def _attached(provisioning: Provisioning, created: Created) -> Any:
    content = json.loads(_value(provisioning, created))
    return {key: value for key, value in content.items() if key.startswith("db")}


def _rotation(provisioning: Provisioning, created: Created) -> Any:
    del provisioning
    return created.resource.properties


def _secret_policy(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("secretsmanager").get_resource_policy(SecretId=created.provisioned.physical_id)
    return json.loads(answer["ResourcePolicy"]) if answer.get("ResourcePolicy") else None


def _parameter(provisioning: Provisioning, created: Created) -> Any:
    ssm, name = provisioning.client("ssm"), created.provisioned.physical_id
    found = ssm.get_parameter(Name=name)["Parameter"]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    return {
        "Value": found["Value"],
        "Type": found["Type"],
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
        "Description": ssm.describe_parameters()["Parameters"][0].get("Description", ""),
    }


def _document(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("ssm").get_document(Name=created.provisioned.physical_id)
    return json.loads(found["Content"])["description"]


def _repository(provisioning: Provisioning, created: Created) -> Any:
    ecr, name = provisioning.client("ecr"), created.provisioned.physical_id
    found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]

    def policy(operation: str, key: str) -> bool:
        try:
            return bool(getattr(ecr, operation)(repositoryName=name)[key])
        except ClientError:
            return False

    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    return {
        "Mutability": found["imageTagMutability"],
        "Scan": found["imageScanningConfiguration"]["scanOnPush"],
        "Policy": policy("get_repository_policy", "policyText"),
        "Lifecycle": policy("get_lifecycle_policy", "lifecyclePolicyText"),
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


def _registry_policy(provisioning: Provisioning, created: Created) -> Any:
    del created
    return json.loads(provisioning.client("ecr").get_registry_policy()["policyText"])


def _replication(provisioning: Provisioning, created: Created) -> Any:
    del created
    rules = provisioning.client("ecr").describe_registry()["replicationConfiguration"]["rules"]
    return [destination["region"] for rule in rules for destination in rule["destinations"]]


def _content(text: str) -> dict[str, Any]:
    steps = [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": ["true"]}}]
    return {"schemaVersion": "2.2", "description": text, "mainSteps": steps}


def _rules(region: str) -> dict[str, Any]:
    return {"Rules": [{"Destinations": [{"Region": region, "RegistryId": "444455556666"}]}]}


_REGISTRY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "a",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "ecr:ReplicateImage",
            "Resource": "arn:aws:ecr:eu-west-1:111122223333:repository/*",
        }
    ],
}
_OTHER_REGISTRY = {**_REGISTRY, "Statement": [{**_REGISTRY["Statement"][0], "Sid": "b"}]}  # type: ignore[dict-item]  # a list

ROWS = [
    Row(
        type="AWS::SecretsManager::Secret",
        first={"Name": "db", "Description": "d", "SecretString": "one", "Tags": [{"Key": "team", "Value": "a"}]},
        second={"Name": "db", "SecretString": "two", "KmsKeyId": "alias/a"},
        read=_secret,
        shows=(
            {"Description": "d", "Value": "one", "Tags": {"team": "a"}},
            {"Value": "two", "Tags": {}, "Description": "", "Key": "alias/a"},
        ),
    ),
    Row(
        type="AWS::SecretsManager::Secret",
        first={"Name": "db", "SecretString": "one", "KmsKeyId": "alias/a"},
        second={"Name": "db", "SecretString": "one"},
        read=_secret,
        shows=({"Key": "alias/a"}, {"Key": "", "Value": "one"}),
    ),
    Row(
        type="AWS::SecretsManager::SecretTargetAttachment",
        first={"SecretId": "@Secret", "TargetId": "db1", "TargetType": "AWS::RDS::DBInstance"},
        second={"SecretId": "@Secret", "TargetId": "cluster1", "TargetType": "AWS::RDS::DBCluster"},
        read=_attached,
        shows=({"dbInstanceIdentifier": "db1"}, {"dbClusterIdentifier": "cluster1"}),
        needs={"Secret": ("AWS::SecretsManager::Secret", {"SecretString": '{"username": "u"}'})},
    ),
    Row(
        type="AWS::SecretsManager::ResourcePolicy",
        first={"SecretId": "@Secret", "ResourcePolicy": _POLICY},
        second={"SecretId": "@Secret", "ResourcePolicy": _DENY},
        read=_secret_policy,
        shows=(_POLICY, _DENY),
        needs={"Secret": ("AWS::SecretsManager::Secret", {})},
    ),
    Row(
        type="AWS::SSM::Parameter",
        first={"Name": "/a/b", "Type": "String", "Value": "one", "Description": "d", "Tags": {"team": "a"}},
        second={"Name": "/a/b", "Type": "StringList", "Value": "two,three", "AllowedPattern": "^t"},
        read=_parameter,
        shows=(
            {"Value": "one", "Type": "String", "Description": "d", "Tags": {"team": "a"}},
            {"Value": "two,three", "Type": "StringList", "Tags": {}},
        ),
    ),
    Row(
        type="AWS::SSM::Document",
        first={"Name": "doc", "DocumentType": "Command", "Content": _content("one"), "UpdateMethod": "NewVersion"},
        second={"Name": "doc", "DocumentType": "Command", "Content": _content("two"), "UpdateMethod": "NewVersion"},
        read=_document,
        shows=("one", "two"),
    ),
    Row(
        type="AWS::ECR::Repository",
        first={
            "RepositoryName": "shop",
            "ImageScanningConfiguration": {"ScanOnPush": "true"},
            "ImageTagMutability": "IMMUTABLE",
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={
            "RepositoryName": "shop",
            "RepositoryPolicyText": _POLICY,
            "LifecyclePolicy": {
                "LifecyclePolicyText": json.dumps(
                    {
                        "rules": [
                            {
                                "rulePriority": 1,
                                "selection": {
                                    "tagStatus": "untagged",
                                    "countType": "imageCountMoreThan",
                                    "countNumber": 1,
                                },
                                "action": {"type": "expire"},
                            }
                        ]
                    }
                )
            },
        },
        read=_repository,
        shows=(
            {"Mutability": "IMMUTABLE", "Scan": True, "Policy": False, "Lifecycle": False, "Tags": {"team": "a"}},
            {"Mutability": "MUTABLE", "Scan": False, "Policy": True, "Lifecycle": True, "Tags": {}},
        ),
    ),
    Row(
        type="AWS::ECR::RegistryPolicy",
        first={"PolicyText": _REGISTRY},
        second={"PolicyText": _OTHER_REGISTRY},
        read=_registry_policy,
        shows=({"Version": "2012-10-17"}, {"Version": "2012-10-17"}),
    ),
    Row(
        type="AWS::ECR::ReplicationConfiguration",
        first={"ReplicationConfiguration": _rules("us-east-1")},
        second={"ReplicationConfiguration": _rules("us-west-2")},
        read=_replication,
        shows=(["us-east-1"], ["us-west-2"]),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_rotation_needs_its_secret_and_is_recorded(provisioning: Provisioning) -> None:
    secret = provisioning.create("AWS::SecretsManager::Secret", {}, logical_id="Secret").provisioned

    rotation = provisioning.create(
        "AWS::SecretsManager::RotationSchedule",
        {"SecretId": "@Secret", "RotationRules": {"AutomaticallyAfterDays": 30}},
    )

    assert rotation.provisioned.physical_id == secret.physical_id
    with pytest.raises(ClientError, match="find"):
        provisioning.create("AWS::SecretsManager::RotationSchedule", {"SecretId": "nothing"})


def test_rotation_by_an_application_of_the_repository_is_recorded(provisioning: Provisioning) -> None:
    notes: list[str] = []
    provisioning.context = dataclasses.replace(provisioning.context, note=lambda name, note: notes.append(note))
    secret = provisioning.create("AWS::SecretsManager::Secret", {}, logical_id="Secret").provisioned
    application = provisioning.create("AWS::Serverless::Application", {"Location": "https://example.com/t.yaml"})

    arn = application.provisioned.attributes["Outputs.RotationLambdaARN"]
    rotation = provisioning.create(
        "AWS::SecretsManager::RotationSchedule", {"SecretId": "@Secret", "RotationLambdaARN": arn}
    )

    assert rotation.provisioned.physical_id == secret.physical_id
    assert "the secret is not rotated" in notes[-1]
    provisioning.delete(rotation)


@pytest.mark.parametrize(
    ("wanted", "length", "without"),
    [
        pytest.param({}, 32, "", id="as it comes"),
        pytest.param(
            {"PasswordLength": "20", "ExcludePunctuation": "true"}, 20, string.punctuation, id="no punctuation"
        ),
        pytest.param({"ExcludeCharacters": "abc\"'"}, 32, "abc\"'", id="no such characters"),
        pytest.param(
            {"ExcludeNumbers": True, "ExcludeUppercase": True}, 32, string.digits + string.ascii_uppercase, id="lower"
        ),
    ],
)
def test_generated_value_keeps_its_rules(
    provisioning: Provisioning, wanted: dict[str, Any], length: int, without: str
) -> None:
    secret = provisioning.create("AWS::SecretsManager::Secret", {"GenerateSecretString": wanted})

    value = _value(provisioning, secret)
    assert len(value) == length
    assert not set(value) & set(without)


def test_generated_value_joins_its_template(provisioning: Provisioning) -> None:
    generated = {"SecretStringTemplate": '{"username": "admin"}', "GenerateStringKey": "password", "PasswordLength": 10}
    secret = provisioning.create("AWS::SecretsManager::Secret", {"GenerateSecretString": generated})

    content = json.loads(_value(provisioning, secret))
    assert (content["username"], len(content["password"])) == ("admin", 10)


def test_generated_value_stays_while_its_rules_do(provisioning: Provisioning) -> None:
    secret = provisioning.create("AWS::SecretsManager::Secret", {"GenerateSecretString": {}})
    value = _value(provisioning, secret)

    secret = provisioning.update(secret, {"GenerateSecretString": {}, "Description": "d"})
    assert _value(provisioning, secret) == value

    secret = provisioning.update(secret, {"GenerateSecretString": {"PasswordLength": 8}, "Description": "d"})
    assert len(_value(provisioning, secret)) == 8


@pytest.mark.parametrize(
    ("type_name", "properties", "refusal", "text"),
    [
        pytest.param(
            "AWS::SecretsManager::Secret",
            {"SecretString": "a", "GenerateSecretString": {}},
            ResourceRefused,
            "both SecretString and GenerateSecretString",
            id="two values",
        ),
        pytest.param(
            "AWS::SecretsManager::Secret",
            {"GenerateSecretString": {"GenerateStringKey": "k"}},
            ResourceRefused,
            "together",
            id="key without template",
        ),
        pytest.param(
            "AWS::SecretsManager::Secret",
            {"GenerateSecretString": {"GenerateStringKey": "k", "SecretStringTemplate": "[]"}},
            ResourceRefused,
            "JSON object",
            id="template",
        ),
        pytest.param(
            "AWS::SSM::Parameter", {"Type": "SecureString", "Value": "v"}, ResourceRefused, "SecureString", id="secure"
        ),
        pytest.param(
            "AWS::SSM::Parameter",
            {"Type": "String", "Value": "v", "AllowedPattern": "^[0-9]+$"},
            ResourceRefused,
            "allowedPattern",
            id="pattern",
        ),
        pytest.param(
            "AWS::SSM::Parameter", {"Name": "aws/x", "Type": "String", "Value": "v"}, ClientError, "aws", id="name"
        ),
    ],
)
def test_impossible_resource_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create(type_name, properties)

    assert provisioning.client("secretsmanager").list_secrets()["SecretList"] == []
    assert provisioning.client("ssm").describe_parameters()["Parameters"] == []


def test_reset_brings_back_values(provisioning: Provisioning) -> None:
    secrets, ssm = provisioning.client("secretsmanager"), provisioning.client("ssm")
    secret = provisioning.create("AWS::SecretsManager::Secret", {"SecretString": "declared"})
    parameter = provisioning.create("AWS::SSM::Parameter", {"Type": "String", "Value": "declared"})
    name = parameter.provisioned.physical_id
    secrets.put_secret_value(SecretId=secret.provisioned.physical_id, SecretString="deployed")
    ssm.put_parameter(Name=name, Value="deployed", Overwrite=True)
    captured = [provisioning.captured(secret), provisioning.captured(parameter)]
    secrets.put_secret_value(SecretId=secret.provisioned.physical_id, SecretString="later")
    ssm.delete_parameter(Name=name)

    for created in captured:
        provisioning.reset(created)

    assert _value(provisioning, secret) == "deployed"
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "deployed"


def test_repository_with_images_goes_only_when_it_may_be_emptied(provisioning: Provisioning) -> None:
    ecr = provisioning.client("ecr")
    repository = provisioning.create("AWS::ECR::Repository", {"RepositoryName": "shop"})
    media = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "config": {"digest": "sha256:" + "0" * 64, "size": 1}, "layers": []}
    ecr.put_image(repositoryName="shop", imageManifest=json.dumps(manifest), imageTag="a", imageManifestMediaType=media)

    with pytest.raises(ClientError, match=r"still contains images|cannot be deleted"):
        provisioning.delete(repository)

    repository = provisioning.update(repository, {"RepositoryName": "shop", "EmptyOnDelete": "true"})
    provisioning.delete(repository)
    assert ecr.describe_repositories()["repositories"] == []
