"""The template of `patterns/api_backend`, against the recorded one.

To record what changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden
Logical ids of stateful resources are recorded apart: when one changes, an upgrade replaces a table.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.synthesize import Compiler
from tests.fakes.every_api import EVERY_API

pytestmark = pytest.mark.xdist_group("cdk")

GOLDEN = Path(__file__).parent
DOCUMENT = GOLDEN.parents[1] / "patterns" / "api_backend" / "lambdakit.yaml"
STATEFUL = (
    *("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket"),
    *("AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::EC2::VPC"),
    # Their addresses and keys are what callers keep.
    *("AWS::ApiGateway::RestApi", "AWS::ApiGateway::ApiKey", "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::DomainName"),
    *("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Lambda::Url"),
)


@pytest.fixture(scope="module")
def template(validating_compiler: Compiler) -> dict[str, Any]:
    # With the CDK's validation, which is to find nothing: a finding would be an error here.
    assembly = validating_compiler.synthesize(DOCUMENT)
    report = json.loads((assembly / "validation-report.json").read_text())
    rendered: dict[str, Any] = json.loads((assembly / "shop.template.json").read_text())
    assert report["pluginReports"] == []
    return rendered


def check(golden: Path, found: object) -> None:
    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text(), "see this file's first lines"


def test_the_template_is_the_recorded_one(template: dict[str, Any]) -> None:
    check(GOLDEN / "templates" / "api_backend.json", template)


def stateful(template: dict[str, Any]) -> dict[str, str]:
    return {
        logical_id: resource["Type"]
        for logical_id, resource in sorted(template["Resources"].items())
        if resource["Type"] in STATEFUL
    }


def test_stateful_resources_keep_their_logical_ids(template: dict[str, Any]) -> None:
    check(GOLDEN / "logical_ids" / "api_backend.json", stateful(template))


def test_stateful_resources_of_every_api_keep_their_logical_ids(tmp_path: Path, compiler: Compiler) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "lambdakit.yaml").write_text(EVERY_API)

    assembly = compiler.synthesize(tmp_path / "lambdakit.yaml")
    found = json.loads((assembly / "apis.template.json").read_text())

    check(GOLDEN / "logical_ids" / "apis.json", stateful(found))
