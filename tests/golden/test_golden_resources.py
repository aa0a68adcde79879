"""The logical ids of a document's shared resources, which hold data, so that a change of theirs would lose it.

To record what changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lambdakit.compiler.synthesize import Compiler
from tests.fakes.every_resource import EVERY_RESOURCE

pytestmark = pytest.mark.xdist_group("cdk")

GOLDEN = Path(__file__).parent / "logical_ids" / "resources.json"
STATEFUL = (
    *("AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream", "AWS::KMS::Key", "AWS::S3::Bucket"),
    *("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::SSM::Parameter"),
    *("AWS::Events::EventBus", "AWS::StepFunctions::StateMachine", "AWS::Logs::LogGroup"),
)


def test_shared_resources_keep_their_logical_ids(tmp_path: Path, compiler: Compiler) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\nreserve = create = handler\n")
    (tmp_path / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')
    (tmp_path / "lambdakit.yaml").write_text(EVERY_RESOURCE)
    template = json.loads((compiler.synthesize(tmp_path / "lambdakit.yaml") / "every.template.json").read_text())

    found = {
        logical_id: each["Type"]
        for logical_id, each in sorted(template["Resources"].items())
        if each["Type"] in STATEFUL
    }
    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
