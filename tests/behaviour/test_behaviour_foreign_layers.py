"""Layers of other accounts, whose files are not here: what stands in for them, and what runs without.

Source: AWS Lambda Developer Guide, "Adding layers to functions"; README, "Container images" for overrides.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.errors import LambdakitError
from lambdakit.trace import RuntimeNote
from tests.fakes.plain_assembly import function, write_stack, write_stacks

ARN = "arn:aws:lambda:us-east-1:111122223333:layer:greetings:7"
SOURCE = """
    def handler(event, context):
        import greetings
        return greetings.WORD
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


def assembly(directory: Path, overrides: object = None, *, layer: str = ARN) -> Path:
    path = write_stack(directory / "app", directory.name.replace("_", "-"), function("Fn", SOURCE, Layers=[layer]))
    if overrides is not None:
        (path / "lambdakit-overrides.json").write_text(json.dumps(overrides))
    return path


def layer(directory: Path) -> Path:
    """A layer's files, as a directory."""
    (directory / "python").mkdir(parents=True)
    (directory / "python" / "greetings.py").write_text("WORD = 'hello'\n")
    return directory


def test_without_an_override_the_function_runs_without_the_layer_and_the_trace_says_what_to_write(
    harness: Harness, tmp_path: Path
) -> None:
    before = len(harness.trace.events)
    deployment = harness.deploy(assembly(tmp_path))

    result = deployment.function("Fn").invoke({})

    assert result.payload["errorType"] == "ModuleNotFoundError"
    [note] = [event.note for event in harness.trace.events[before:] if isinstance(event, RuntimeNote)]
    assert f"runs without the layer {ARN}, which another account holds" in note
    assert f'{{"layers": {{"{ARN}": "layers/it"}}}} in lambdakit-overrides.json' in note
    described = harness.client("lambda").get_function_configuration(FunctionName=deployment.function("Fn").name)
    assert [each["Arn"] for each in described["Layers"]] == [ARN]
    deployment.destroy()


@pytest.mark.parametrize("arn", [ARN, "arn:aws:lambda:*:111122223333:layer:greetings:*"])
@pytest.mark.parametrize("kind", ["directory", "zip"])
def test_what_stands_in_for_a_layer_is_in_opt(harness: Harness, tmp_path: Path, arn: str, kind: str) -> None:
    files = layer(tmp_path / "files")
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
            archive.write(files / "python" / "greetings.py", "python/greetings.py")
    where = {"directory": "../files", "zip": str(tmp_path / "files.zip")}[kind]
    before = len(harness.trace.events)

    deployment = harness.deploy(assembly(tmp_path, {"layers": {arn: where}}))

    assert deployment.function("Fn").invoke({}).payload == "hello"
    assert [event for event in harness.trace.events[before:] if isinstance(event, RuntimeNote)] == []
    deployment.destroy()


def test_a_package_that_holds_the_same_files_is_named(harness: Harness, tmp_path: Path) -> None:
    powertools = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"
    before = len(harness.trace.events)

    harness.deploy(assembly(tmp_path, layer=powertools)).destroy()

    [note] = [event.note for event in harness.trace.events[before:] if isinstance(event, RuntimeNote)]
    assert "`pip install --target layers/it/python 'aws-lambda-powertools[all]'`" in note


def test_a_public_parameter_names_the_layer_that_a_function_uses(harness: Harness, tmp_path: Path) -> None:
    """As the CDK writes `LayerVersion.fromLayerVersionArn(…, StringParameter.valueForStringParameter(…))`."""
    parameter = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/aws/service/powertools/typescript/generic/all/latest",
    }
    resources = function("Fn", SOURCE, Layers=[{"Ref": "Layer"}])
    path = write_stacks(tmp_path / "app", {"public": {"Parameters": {"Layer": parameter}, "Resources": resources}})
    named = "arn:aws:lambda:us-east-1:094274105915:layer:AWSLambdaPowertoolsTypeScriptV2:1"
    before = len(harness.trace.events)

    deployment = harness.deploy(path)

    described = harness.client("lambda").get_function_configuration(FunctionName=deployment.function("Fn").name)
    assert [each["Arn"] for each in described["Layers"]] == [named]
    [note] = [event.note for event in harness.trace.events[before:] if isinstance(event, RuntimeNote)]
    assert "`npm install --prefix layers/it/nodejs @aws-lambda-powertools/logger …`, and say where" in note
    deployment.destroy()


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"layers": {ARN: "nowhere"}}, "nothing lies at"),
        ({"layers": {ARN: 7}}, "7 is not a non-empty string"),
        ({"layers": []}, "is not an object"),
        ({"layer": {}}, "did you mean 'layers'"),
        ({"layers": {ARN: "manifest.json"}}, "stands in for a layer, is none"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(harness: Harness, tmp_path: Path, overrides: object, problem: str) -> None:
    with pytest.raises(LambdakitError, match=problem):
        harness.deploy(assembly(tmp_path, overrides))

    assert harness.deployments == ()


def test_one_of_the_own_account_has_to_be_there(harness: Harness, tmp_path: Path) -> None:
    own = ARN.replace("111122223333", "123456789012")

    with pytest.raises(LambdakitError, match=f"Layer version {own} does not exist"):
        harness.deploy(assembly(tmp_path, {"layers": {own: "."}}, layer=own))


def test_a_cdk_project_and_a_document_bring_the_file_that_lies_beside_them(harness: Harness, tmp_path: Path) -> None:
    layer(tmp_path / "files")
    (tmp_path / "lambdakit-overrides.json").write_text(json.dumps({"layers": {ARN: "files"}}))
    made = assembly(tmp_path / "made")
    command = (
        f"python3 -c \"import os, shutil; shutil.copytree('{made}', os.environ['CDK_OUTDIR'], dirs_exist_ok=True)\""
    )
    (tmp_path / "cdk.json").write_text(json.dumps({"app": command}))

    deployment = harness.deploy(tmp_path)

    assert deployment.function("Fn").invoke({}).payload == "hello"
    deployment.destroy()
