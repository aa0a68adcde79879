"""Applications of the Serverless Application Repository, which are kept and not run."""

from __future__ import annotations

import dataclasses

import pytest

from lambdakit.harness.deployment.known_types import known_types, way_out
from lambdakit.harness.deployment.registry import PROVISIONERS
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning

TYPE = "AWS::Serverless::Application"
PROPERTIES = {
    "Location": {"ApplicationId": "arn:aws:serverlessrepo:us-east-1:1:applications/Rotation", "SemanticVersion": "1"},
    "Parameters": {"functionName": "rotation"},
    "Tags": {"a": "b"},
}


def test_ref_is_the_id_of_a_nested_stack(provisioning: Provisioning) -> None:
    created = provisioning.create(TYPE, PROPERTIES, logical_id="App")

    physical_id = created.provisioned.physical_id
    assert physical_id.startswith(f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/")
    assert "-App-" in physical_id


@pytest.mark.parametrize("name", ["RotationLambdaARN", "FunctionArn", "arn"])
def test_an_output_that_is_called_an_arn_names_a_function(provisioning: Provisioning, name: str) -> None:
    attributes = provisioning.create(TYPE, PROPERTIES).provisioned.attributes

    assert attributes[f"Outputs.{name}"].startswith(f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:")


def test_every_output_has_a_value_of_its_own_that_stays(provisioning: Provisioning) -> None:
    created = provisioning.create(TYPE, PROPERTIES, logical_id="App")
    attributes = created.provisioned.attributes

    changed = provisioning.update(created, {**PROPERTIES, "Parameters": {"functionName": "another"}})

    values = [attributes[f"Outputs.{name}"] for name in ("One", "Two", "OneARN", "TwoARN")]
    assert len(set(values)) == 4
    assert [changed.provisioned.attributes[f"Outputs.{name}"] for name in ("One", "Two")] == values[:2]
    assert not values[0].startswith("arn:")


@pytest.mark.parametrize("name", ["Arn", "Outputs.", "Outputs", "outputs.One", "Parameters.functionName"])
def test_nothing_but_outputs_is_known(provisioning: Provisioning, name: str) -> None:
    attributes = provisioning.create(TYPE, PROPERTIES).provisioned.attributes

    assert attributes.get(name) is None
    assert dict(attributes) == {}


def test_the_trace_is_told_that_it_does_not_run(provisioning: Provisioning) -> None:
    notes: list[tuple[str, str]] = []
    provisioning.context = dataclasses.replace(provisioning.context, note=lambda name, note: notes.append((name, note)))

    provisioning.create(TYPE, PROPERTIES, logical_id="App")

    ((name, note),) = notes
    assert name == "App"
    assert "is not run here" in note


@pytest.mark.parametrize("name", ["AWS::Serverless::Function", "AWS::Serverless::Api", "AWS::Serverless::SimpleTable"])
def test_other_types_of_the_transform_are_unknown_and_say_what_to_do(name: str) -> None:
    assert known_types(PROVISIONERS)(name) is None
    assert "aws-sam-translator" in way_out(name)


@pytest.mark.parametrize("name", ["AWS::Nobody::Knows", "Serverless::Function", "AWS::Lambda::Function"])
def test_there_is_no_such_way_out_for_others(name: str) -> None:
    assert way_out(name) == ""
