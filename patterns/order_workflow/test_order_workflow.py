"""The scenario: an order is paid, set aside and sent; when it cannot be, money and goods are given back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"
ORDER = {"customer_id": "ada", "country": "DE", "lines": {"teapot": 2}}


@pytest.fixture
def deployment(deploy, harness):
    """The shop, with three teapots, and a customer who can pay for them."""
    deployed = deploy(DOCUMENT)
    dynamodb, outputs = harness.client("dynamodb"), deployed.outputs["fulfilment"]
    teapot = {"price": 1_900, "grams": 900, "available": 3}
    dynamodb.put_item(
        TableName=outputs["StockTableName"],
        Item={"sku": {"S": "teapot"}, **{name: {"N": str(number)} for name, number in teapot.items()}},
    )
    dynamodb.put_item(
        TableName=outputs["AccountsTableName"], Item={"customer_id": {"S": "ada"}, "credit": {"N": "10000"}}
    )
    return deployed


@pytest.fixture
def outputs(deployment):
    return deployment.outputs["fulfilment"]


def end_of(harness, deployment, order):
    """Places the order, and returns what has become of it."""
    with deployment.http() as http:
        placed = http.post("/orders", json=order)
        harness.drain()
        return http.get(placed.headers["location"]).json()


def left(harness, outputs):
    """How many teapots there are, and how much credit."""
    dynamodb = harness.client("dynamodb")
    [goods] = dynamodb.scan(TableName=outputs["StockTableName"])["Items"]
    [account] = dynamodb.scan(TableName=outputs["AccountsTableName"])["Items"]
    return int(goods["available"]["N"]), int(account["credit"]["N"])


def sent(harness, outputs):
    received = harness.client("sqs").receive_message(QueueUrl=outputs["WarehouseQueueUrl"])
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_an_order_is_paid_set_aside_and_sent(harness, deployment, outputs):
    order = end_of(harness, deployment, ORDER)

    assert (order["status"], order["carrier"]) == ("CONFIRMED", "letter post")
    assert left(harness, outputs) == (1, 6_200)
    assert [message["order_id"] for message in sent(harness, outputs)] == [order["order_id"]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"lines": {"teapot": 4}}, "OutOfStock", id="too many"),
        pytest.param({"country": "NZ"}, "NoCarrier", id="too far"),
    ],
)
def test_money_and_goods_of_an_order_that_cannot_be_sent_are_given_back(harness, deployment, outputs, change, reason):
    order = end_of(harness, deployment, {**ORDER, **change})

    assert (order["status"], order["reason"]) == ("REJECTED", reason)
    assert left(harness, outputs) == (3, 10_000)
    assert sent(harness, outputs) == []
