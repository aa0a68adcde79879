"""What tasks that call DynamoDB fail with. Source: as in `lambdakit.harness.moto_state.state_table_errors`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
ITEM = {"TableName": "locks", "Key": {"id": {"S": "a"}}}
COUNTED = {
    **ITEM,
    "UpdateExpression": "SET held = held + :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}


@pytest.fixture
def harness_with_table(harness: WiredHarness) -> Iterator[WiredHarness]:
    dynamodb = harness.aws("dynamodb")
    dynamodb.create_table(
        TableName="locks",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield harness
    dynamodb.delete_table(TableName="locks")


@pytest.mark.parametrize(
    ("action", "parameters", "error", "cause"),
    [
        ("updateItem", COUNTED, "DynamoDB.AmazonDynamoDBException", "Error Code: ValidationException"),
        (
            "putItem",
            {"TableName": "locks", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"},
            "DynamoDB.ConditionalCheckFailedException",
            "The conditional request failed",
        ),
        ("getItem", {**ITEM, "TableName": "nowhere"}, "DynamoDB.ResourceNotFoundException", "Status Code: 400"),
        ("getItem", {**ITEM, "Key": {"id": {"S.$": "$.gone"}}}, "States.Runtime", "The JSONPath '$.gone'"),
        ("getItem", {**ITEM, "Key": {"id": {"S.$": "States.StringToJson('{')"}}}, "States.IntrinsicFailure", ""),
    ],
    ids=["not named by the model", "named", "no table", "no value", "no result"],
)
def test_a_task_fails_by_the_name_that_a_catcher_looks_for(
    harness_with_table: WiredHarness, action: str, parameters: dict[str, Any], error: str, cause: str
) -> None:
    states = harness_with_table.aws("stepfunctions")
    task = {"Type": "Task", "Resource": f"arn:aws:states:::dynamodb:{action}", "Parameters": parameters, "End": True}
    machine = states.create_state_machine(
        name="tables", definition=json.dumps({"StartAt": "T", "States": {"T": task}}), roleArn=ROLE
    )["stateMachineArn"]

    begun = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    harness_with_table.drain()
    told = states.describe_execution(executionArn=begun)
    states.delete_state_machine(stateMachineArn=machine)

    assert (told["status"], told["error"]) == ("FAILED", error)
    assert cause in told["cause"]
