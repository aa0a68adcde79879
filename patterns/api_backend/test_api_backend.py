"""The scenario: orders go in, come out and go away over HTTP, and what is no order is refused."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE / "lambdakit.yaml"


def test_an_order_is_created_read_listed_and_deleted(deploy):
    deployment = deploy(DOCUMENT)

    with deployment.http() as http:
        created = http.post("/orders", json={"sku": "teapot", "quantity": 2})
        order = created.json()
        read = http.get(created.headers["location"])
        listed = http.get("/orders")
        deleted = http.delete(f"/orders/{order['order_id']}")
        read_again = http.get(f"/orders/{order['order_id']}")

    assert created.status_code == 201
    assert (order["sku"], order["quantity"]) == ("teapot", 2)
    assert read.status_code == 200
    assert read.json() == order
    assert listed.json() == {"orders": [order]}
    assert deleted.status_code == 204
    assert read_again.status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "the body is not JSON", id="empty"),
        pytest.param(b"{", "the body is not JSON", id="not JSON"),
        pytest.param(b"[]", "the body is not a JSON object", id="not an object"),
        pytest.param(b"{}", "sku must be text of 1 to 64 characters", id="no sku"),
        pytest.param(b'{"sku": ""}', "sku must be text of 1 to 64 characters", id="empty sku"),
        pytest.param(json.dumps({"sku": "x" * 65}).encode(), "sku must be text of 1 to 64 characters", id="long sku"),
        pytest.param(b'{"sku": "a", "quantity": 0}', "quantity must be a whole number from 1 to 1000", id="quantity 0"),
        pytest.param(
            b'{"sku": "a", "quantity": 1001}', "quantity must be a whole number from 1 to 1000", id="quantity 1001"
        ),
        pytest.param(
            b'{"sku": "a", "quantity": true}', "quantity must be a whole number from 1 to 1000", id="quantity true"
        ),
    ],
)
def test_what_is_no_order_is_refused_and_not_kept(deploy, body, reason):
    deployment = deploy(DOCUMENT)

    with deployment.http() as http:
        refused = http.post("/orders", content=body, headers={"content-type": "application/json"})
        listed = http.get("/orders")

    assert refused.status_code == 400
    assert refused.json() == {"message": reason}
    assert listed.json() == {"orders": []}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_order_that_does_not_exist_is_not_found(deploy, method):
    deployment = deploy(DOCUMENT)
    order_id = uuid.uuid4()

    with deployment.http() as http:
        answer = http.request(method, f"/orders/{order_id}")

    assert answer.status_code == 404
    assert answer.json() == {"message": f"there is no order {order_id}"}


def test_pages_of_orders_lead_from_one_to_the_next(deploy):
    deployment = deploy(DOCUMENT)

    with deployment.http() as http:
        created = {http.post("/orders", json={"sku": f"item-{n}"}).json()["order_id"] for n in range(101)}
        first = http.get("/orders").json()
        second = http.get("/orders", params={"next": first["next"]}).json()

    assert len(first["orders"]) == 100
    assert "next" not in second
    assert {order["order_id"] for order in [*first["orders"], *second["orders"]]} == created


def test_the_sample_events_are_answered(deploy):
    deployment = deploy(DOCUMENT)
    expected = {
        "create_order": ("create_order", 201),
        "create_order_without_sku": ("create_order", 400),
        "list_orders": ("list_orders", 200),
        "read_order": ("read_order", 404),
        "delete_order": ("delete_order", 404),
    }

    answers = {
        event: deployment.function(name).invoke(json.loads((HERE / "events" / f"{event}.json").read_text()))
        for event, (name, _) in expected.items()
    }

    assert {event: answer.payload["statusCode"] for event, answer in answers.items()} == {
        event: status for event, (_, status) in expected.items()
    }


def test_the_alias_runs_the_published_version(deploy):
    deployment = deploy(DOCUMENT)

    result = deployment.function("list_orders").invoke({}, qualifier="live")

    assert result.payload["statusCode"] == 200
    assert result.executed_version == "1"
