"""What templates include from the account's buckets, and the templates of SAM's applications that lie there.

Source: as in `lambdakit.harness.deployment.cloudformation.stored_templates`; AWS SAM Developer Guide,
"AWS::Serverless::Application" and "AWS::Serverless::LayerVersion".
"""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.cloudformation import CloudFormation
from tests.fakes.plain_assembly import write_stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = [
    pytest.mark.xdist_group("behaviour-stored-templates"),
    pytest.mark.skipif(importlib.util.find_spec("samtranslator") is None, reason="aws-sam-translator is not installed"),
]

BUCKET = "stored-templates"
SERVERLESS = "AWS::Serverless-2016-10-31"
EXPANDS = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
QUEUE = """
# of a queue
VisibilityTimeout: 17
MessageRetentionPeriod: 1200
Tags:
  - {Key: since, Value: 2024-01-02}
  - Key: region
    Value: {"Fn::Sub": "${AWS::Region}"}
"""


@pytest.fixture
def stored(harness: WiredHarness) -> Iterator[Any]:
    """The client for a bucket of the test."""
    s3 = harness.aws("s3")
    s3.create_bucket(Bucket=BUCKET)
    yield s3
    for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def _including(key: str) -> dict[str, Any]:
    part = {"Name": "AWS::Include", "Parameters": {"Location": f"s3://{BUCKET}/{key}"}}
    return {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "Fn::Transform": part}}}}


Deploy = Callable[[Mapping[str, Any]], dict[str, Any]]


@pytest.fixture
def deploy(harness: WiredHarness, tmp_path: Path) -> Iterator[Deploy]:
    """Deploys an assembly of a template, until the end of the test."""
    made: list[dict[str, Any]] = []

    def deployed(template: Mapping[str, Any]) -> dict[str, Any]:
        made.append(harness.deploy(write_stacks(tmp_path, {"stored": template})))
        return made[0]

    yield deployed
    for deployment in made:
        harness.destroy(deployment)


def _assert_included(harness: WiredHarness) -> None:
    sqs = harness.aws("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (told["VisibilityTimeout"], told["MessageRetentionPeriod"]) == ("17", "1200")
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert (tags["since"], tags["region"]) == ("2024-01-02", "us-east-1")


def test_yaml_is_included_by_an_assembly(harness: WiredHarness, stored: Any, deploy: Deploy) -> None:
    stored.put_object(Bucket=BUCKET, Key="queue.yaml", Body=QUEUE)

    deploy(_including("queue.yaml"))

    _assert_included(harness)


def test_yaml_is_included_by_the_api(harness: WiredHarness, stored: Any) -> None:
    stored.put_object(Bucket=BUCKET, Key="queue", Body=QUEUE)
    cloudformation = CloudFormation(harness, "stored-api")

    cloudformation.create(_including("queue"), Capabilities=EXPANDS)

    assert cloudformation.status() == "CREATE_COMPLETE"
    _assert_included(harness)
    cloudformation.clean()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (None, "there is no file 's3://stored-templates/part', neither among the assembly's assets nor in the account"),
        ("QueueName: !Ref X", "short forms are not supported in what is included: write !Ref out"),
        ("a: [", "'s3://stored-templates/part' cannot be included: YAML not well-formed"),
        (b"\xff", "cannot be included: it is not UTF-8"),
        ("just a text", "is not an object"),
        ("a: &x 1\nb: *x", "YAML aliases are not allowed"),
        ("#" + "x" * 1_048_576, "cannot be included: it exceeds 1048576 bytes"),
    ],
    ids=["nothing", "short form", "no YAML", "no text", "no object", "alias", "size"],
)
def test_what_cannot_be_included_is_told(stored: Any, deploy: Deploy, body: str | bytes | None, told: str) -> None:
    if body is not None:
        stored.put_object(Bucket=BUCKET, Key="part", Body=body)

    with pytest.raises(LambdakitError) as refused:
        deploy(_including("part"))

    assert told.replace("'", '"') in str(refused.value).replace("'", '"')


FUNCTION: dict[str, Any] = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "InlineCode": "import told\ndef handler(event, context): return told.TEXT",
        "Layers": [{"Ref": "Layer"}],
    },
}
LAYER = {
    "Type": "AWS::Serverless::LayerVersion",
    "Properties": {"ContentUri": f"s3://{BUCKET}/layer.zip"},
    "DeletionPolicy": "Delete",
}


def test_an_application_of_an_application_with_a_layer(harness: WiredHarness, stored: Any, deploy: Deploy) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("python/told.py", "TEXT = 'from the layer'")
    stored.put_object(Bucket=BUCKET, Key="layer.zip", Body=content.getvalue())
    inner: dict[str, Any] = {
        "Transform": SERVERLESS,
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"F": {**FUNCTION, "Properties": {**FUNCTION["Properties"], "FunctionName": {"Ref": "Name"}}}},
        "Outputs": {"Name": {"Value": {"Ref": "F"}}},
    }
    inner["Resources"]["Layer"] = LAYER
    stored.put_object(Bucket=BUCKET, Key="inner.template", Body=json.dumps(inner))
    application = {
        "Type": "AWS::Serverless::Application",
        "Properties": {
            "Location": f"https://s3.us-east-1.amazonaws.com/{BUCKET}/inner.template",
            "Parameters": {"Name": "inside"},
        },
    }
    outer = {
        "Transform": SERVERLESS,
        "Resources": {"App": application, "F": FUNCTION, "Layer": LAYER},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["App", "Outputs.Name"]}}, "Own": {"Value": {"Ref": "F"}}},
    }

    outputs = deploy(outer)["stacks"]["stored"]["outputs"]
    assert outputs["Name"] == "inside"
    for name in outputs.values():
        assert json.load(harness.aws("lambda").invoke(FunctionName=name)["Payload"]) == "from the layer"


def test_an_application_that_is_nowhere_is_told(deploy: Deploy) -> None:
    url = "https://s3.us-east-1.amazonaws.com/nowhere-at-all/inner.template"
    application = {"Type": "AWS::Serverless::Application", "Properties": {"Location": url}}

    with pytest.raises(LambdakitError, match="is none of the assembly's assets"):
        deploy({"Transform": SERVERLESS, "Resources": {"App": application}})
