"""Which provisioner makes a type, and what the published schemas say of types."""

from __future__ import annotations

import json
import re

import pytest

from lambdakit.assembly.provider_schemas import DATA, resource_type
from lambdakit.harness.deployment.known_types import known_types
from lambdakit.harness.deployment.provisioners.recorded import Recorded
from lambdakit.harness.deployment.registry import PROVISIONERS

_CUSTOM = "AWS::CloudFormation::CustomResource"


def test_the_table_goes_before_everything_else() -> None:
    known = known_types(PROVISIONERS)

    assert all(known(name) is provisioner for name, provisioner in PROVISIONERS.items())


@pytest.mark.parametrize("name", ["Custom::Thing", "Custom::S3AutoDeleteObjects", "Custom::with@-_characters", _CUSTOM])
def test_custom_resources_are_their_functions(name: str) -> None:
    assert known_types(PROVISIONERS)(name) is PROVISIONERS[_CUSTOM]


def test_a_published_type_is_recorded() -> None:
    known = known_types({})

    assert isinstance(known("AWS::SageMaker::Endpoint"), Recorded)
    assert known("AWS::SageMaker::Endpoint") is known("AWS::SageMaker::Endpoint")


@pytest.mark.parametrize(
    "name",
    ["AWS::No::Type", "AWS::Serverless::Function", "AWS::SQS::queue", "Nobody::Knows::This", "", "Custom", "custom::x"],
)
def test_what_nobody_publishes_is_not_known(name: str) -> None:
    assert known_types(PROVISIONERS)(name) is None


def test_without_custom_resources_there_are_none() -> None:
    assert known_types({})("Custom::Thing") is None


def test_each_published_type_is_read() -> None:
    names = json.loads(DATA.read_text())

    assert len(names) > 1_000
    for name in names:
        schema = resource_type(name)
        assert schema is not None
        assert schema.name == name
        assert schema.properties == tuple(sorted(schema.properties))
        assert re.fullmatch(r"[a-z0-9-]+", schema.service), name


@pytest.mark.parametrize(
    ("name", "identifier", "gives", "replaced_by"),
    [
        ("AWS::SQS::Queue", ("QueueUrl",), "Arn", "FifoQueue"),
        ("AWS::DynamoDB::Table", ("TableName",), "StreamArn", "TableName"),
        (
            "AWS::ElastiCache::ReplicationGroup",
            ("ReplicationGroupId",),
            "PrimaryEndPoint.Address",
            "ReplicationGroupId",
        ),
        ("AWS::Lambda::Alias", ("AliasArn",), "AliasArn", "Name"),
    ],
)
def test_what_a_schema_says(name: str, identifier: tuple[str, ...], gives: str, replaced_by: str) -> None:
    schema = resource_type(name)

    assert schema is not None
    assert schema.identifier == identifier
    assert gives in schema.read_only
    assert replaced_by in schema.create_only
