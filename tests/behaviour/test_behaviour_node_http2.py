"""Clients of the AWS SDK for JavaScript that speak HTTP/2 by themselves, in functions: Kinesis's is one.

Their signatures are made over `:authority`, and the role's permissions hold for them as for any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-node-http2")

_HANDLER = """
const { KinesisClient, PutRecordCommand } = require('@aws-sdk/client-kinesis');
const kinesis = new KinesisClient({});
exports.handler = async (event) => {
  const puts = event.records.map((text) => kinesis.send(new PutRecordCommand({
    StreamName: process.env.STREAM, PartitionKey: 'one', Data: Buffer.from(text),
  })));
  try {
    return (await Promise.all(puts)).map((put) => put.ShardId);
  } catch (error) {
    return error.name;
  }
};
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


def _resources(**properties: Any) -> Resources:
    return {
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        **function(
            "Producer",
            _HANDLER,
            Runtime="nodejs22.x",
            Environment={"Variables": {"STREAM": {"Ref": "Stream"}}},
            **properties,
        ),
    }


def _invoke(harness: WiredHarness, deployment: dict[str, Any], records: list[str]) -> Any:
    answer = harness.invoke(physical_id(deployment, "Producer"), json.dumps({"records": records}).encode())
    assert answer.headers.get("x-amz-function-error") is None, answer.body
    return answer.json()


def test_records_are_put(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(_resources())
    records = [f"{number}:" + "x" * 100_000 for number in range(5)]  # more than a window holds

    shards = _invoke(harness, deployment, records)
    again = _invoke(harness, deployment, ["last"])

    assert (shards, again) == (["shardId-000000000000"] * 5, ["shardId-000000000000"])
    kinesis = harness.aws("kinesis")
    shard = {"StreamName": physical_id(deployment, "Stream"), "ShardId": shards[0]}
    iterator = kinesis.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found = [record["Data"].decode() for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
    assert sorted(found) == sorted([*records, "last"])


def test_the_role_s_permissions_hold(harness: WiredHarness, stacks: Stacks) -> None:
    nothing = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ]
            }
        },
    }
    resources = _resources(Role={"Fn::GetAtt": ["Nobody", "Arn"]})

    deployment = stacks.deploy({**resources, "Nobody": nothing})

    assert _invoke(harness, deployment, ["one"]) == "AccessDeniedException"
