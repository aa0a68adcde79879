"""The larger document that the README shows does what the README says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from tests.documentation.tables import DOCUMENTS

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = DOCUMENTS / "larger" / "lambdakit.yaml"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def deployment(harness: Harness) -> Deployment:
    return harness.deploy(DOCUMENT, parameters={"Stage": "prod"})


def test_a_state_machine_calls_a_function_and_writes_the_table(harness: Harness, deployment: Deployment) -> None:
    machines = harness.client("stepfunctions")
    outputs = deployment.outputs["shop"]

    execution = machines.start_execution(
        stateMachineArn=outputs["FulfilStateMachineArn"], input=json.dumps({"order_id": "7"})
    )
    harness.drain()

    assert machines.describe_execution(executionArn=execution["executionArn"])["status"] == "SUCCEEDED"
    items = harness.client("dynamodb").scan(TableName=outputs["OrdersTableName"])["Items"]
    assert items == [{"order_id": {"S": "7"}}]
    assert deployment.permissions.denied == set()


def test_functions_have_what_they_are_granted_and_told(harness: Harness, deployment: Deployment) -> None:
    function = harness.client("lambda").get_function_configuration(FunctionName=deployment.function("place").name)
    variables = function["Environment"]["Variables"]
    outputs = deployment.outputs["shop"]

    assert function["Description"] == "Takes an order"
    assert variables["STAGE"] == "prod"
    assert variables["TABLE_NAME"] == outputs["OrdersTableName"]
    assert variables["JOBS_QUEUE_URL"] == outputs["JobsQueueUrl"]
    assert variables["FULFIL_STATE_MACHINE_ARN"] == outputs["FulfilStateMachineArn"]
    assert variables["SIGNING_SECRET"] == outputs["SigningSecretArn"]


def test_an_environment_is_a_stack_of_its_own(harness: Harness) -> None:
    production = harness.deploy(DOCUMENT, stacks=["shop-production"])

    assert set(production.stacks) == {"shop-production"}
    work = production.function("work")
    assert work.arn.startswith("arn:aws:lambda:eu-west-1:111122223333:function:")
    assert "1024" in work.invoke({"Records": []}).log
