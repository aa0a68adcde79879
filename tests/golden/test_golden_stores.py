"""Databases, caches and their keys keep their logical ids, and each is told to its place in the document.

To record what changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.synthesize import Compiler
from tests.fakes.every_store import EVERY_STORE

pytestmark = pytest.mark.xdist_group("cdk")

GOLDEN = Path(__file__).parent / "logical_ids" / "stores.json"
STATEFUL = (
    *("AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::DBProxy", "AWS::RDS::DBSubnetGroup"),
    *("AWS::ElastiCache::ServerlessCache", "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::User"),
    *("AWS::ElastiCache::UserGroup", "AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream", "AWS::S3::Bucket"),
    *("AWS::ElasticLoadBalancingV2::Listener", "AWS::CloudWatch::Dashboard"),
)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory, compiler: Compiler) -> Path:
    project = tmp_path_factory.mktemp("stores")
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (project / "lambdakit.yaml").write_text(EVERY_STORE)
    return compiler.synthesize(project / "lambdakit.yaml")


def _resources(assembly: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((assembly / "stores.template.json").read_text())["Resources"]
    return found


def test_stateful_resources_keep_their_logical_ids(assembly: Path) -> None:
    found = {id: each["Type"] for id, each in sorted(_resources(assembly).items()) if each["Type"] in STATEFUL}

    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "see this file's first lines"


def test_each_part_is_told_to_its_key(assembly: Path) -> None:
    source_map = json.loads((assembly / "lambdakit-source-map.json").read_text())["stacks"]["stores"]
    pointers: dict[str, set[str]] = {}
    for id, resource in _resources(assembly).items():
        service = resource["Type"].split("::")[1]
        if service in ("RDS", "ElastiCache", "CloudWatch"):
            pointers.setdefault(service, set()).add(source_map[id]["pointer"].rpartition(".")[2])

    assert pointers["RDS"] == {"database"}
    assert pointers["ElastiCache"] == {"cache"}
    # A function's alarms stand below the function.
    assert {"dashboard", "alarms"} < pointers["CloudWatch"]


def test_a_document_says_what_the_constructs_take(assembly: Path) -> None:
    resources = _resources(assembly)

    (named,) = (each for each in resources.values() if each["Properties"].get("DashboardName") == "jobs")
    body = "".join(part for part in named["Properties"]["DashboardBody"]["Fn::Join"][1] if isinstance(part, str))
    assert '"start":"-P1D"' in body and '"period":60' in body
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    topics = [id for id, each in resources.items() if each["Type"] == "AWS::SNS::Topic" and "alerts" in id.lower()]
    told = [each["AlarmActions"] for each in alarms if "AlarmActions" in each]
    # Two functions of one pattern, three alarms each, and seven of the queue's.
    assert told == [[{"Ref": topics[0]}]] * 13
    ages = {each["Threshold"] for each in alarms if each["MetricName"] == "ApproximateAgeOfOldestMessage"}
    assert ages == {600}
    assert {each["Threshold"] for each in alarms if each["MetricName"] == "IteratorAge"} == {1_800_000}
    endpoints = {
        str(each["Properties"]["ServiceName"])
        for each in resources.values()
        if each["Type"] == "AWS::EC2::VPCEndpoint" and each["Properties"].get("VpcEndpointType") == "Interface"
    }
    # Functions that read passwords reach them without a way out of the network.
    assert any("secretsmanager" in name for name in endpoints)
