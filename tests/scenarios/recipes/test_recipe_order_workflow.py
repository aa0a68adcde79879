"""Orders, from the request to the warehouse, and back when one of the steps cannot be done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.trace import StateMachineEnded

if TYPE_CHECKING:
    import httpx

    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "order_workflow"
TEAPOTS = {"customer_id": "ada", "country": "DE", "lines": {"teapot": 2, "cup": 6}}
FULL_STOCK = {"teapot": 3, "cup": 12, "anvil": 9}
CREDIT = {"ada": 10_000, "bob": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The stack with goods and customers, and what a test does with it."""

    harness: Harness
    deployment: Deployment

    def output(self, name: str) -> str:
        return self.deployment.outputs["fulfilment"][name]

    def fill(self) -> None:
        dynamodb = self.harness.client("dynamodb")
        for sku, price, grams in (("teapot", 1_900, 900), ("cup", 250, 200), ("anvil", 100, 60_000)):
            numbers = {"price": price, "grams": grams, "available": FULL_STOCK[sku]}
            item = {"sku": {"S": sku}, **{name: {"N": str(number)} for name, number in numbers.items()}}
            dynamodb.put_item(TableName=self.output("StockTableName"), Item=item)
        for customer, credit in CREDIT.items():
            item = {"customer_id": {"S": customer}, "credit": {"N": str(credit)}}
            dynamodb.put_item(TableName=self.output("AccountsTableName"), Item=item)

    def place(self, order: object, **headers: str) -> httpx.Response:
        with self.deployment.http() as http:
            return http.post("/orders", json=order, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def placed(self, order: object) -> str:
        """The id of an order that the shop took."""
        answer = self.place(order)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["order_id"])

    def order(self, order_id: str) -> dict[str, Any]:
        with self.deployment.http() as http:
            answer: dict[str, Any] = http.get(f"/orders/{order_id}").json()
        return answer

    def numbers(self, table: str, key: str, attribute: str) -> dict[str, int]:
        items = self.harness.client("dynamodb").scan(TableName=self.output(table))["Items"]
        return {item[key]["S"]: int(item[attribute]["N"]) for item in items}

    def stock(self) -> dict[str, int]:
        return self.numbers("StockTableName", "sku", "available")

    def credit(self) -> dict[str, int]:
        return self.numbers("AccountsTableName", "customer_id", "credit")

    def messages(self, queue: str) -> list[dict[str, Any]]:
        received = self.harness.client("sqs").receive_message(QueueUrl=self.output(queue), MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def ends(self) -> list[str]:
        return [event.status for event in self.harness.trace.events if isinstance(event, StateMachineEnded)]

    def stop(self, function: str) -> None:
        """Lets the function run no more, as a throttled account would."""
        self.harness.client("lambda").put_function_concurrency(
            FunctionName=self.deployment.function(function).name, ReservedConcurrentExecutions=0
        )

    def go_on(self, function: str) -> None:
        self.harness.client("lambda").delete_function_concurrency(FunctionName=self.deployment.function(function).name)


@pytest.fixture(params=["document", "stack"])
def written(request: pytest.FixtureRequest) -> str:
    """Both, as one has the workflow in Amazon States Language, and the other as the CDK's constructs."""
    return str(request.param)


@pytest.fixture
def shop(harness: Harness, deploy_recipe: Callable[[str], Deployment]) -> Shop:
    made = Shop(harness=harness, deployment=deploy_recipe("order_workflow"))
    made.fill()
    return made


def test_an_order_is_paid_set_aside_and_sent(shop: Shop) -> None:
    answer = shop.place(TEAPOTS)
    shop.harness.drain()

    placed = answer.json()
    assert (answer.status_code, placed["status"], placed["total"]) == (202, "PLACED", 5_300)
    confirmed = shop.order(placed["order_id"])
    assert confirmed == {**placed, "status": "CONFIRMED", "carrier": "parcel post"}
    assert shop.stock() == {"teapot": 1, "cup": 6, "anvil": 9}
    assert shop.credit() == {"ada": 4_700, "bob": 100}
    assert shop.messages("WarehouseQueueUrl") == [
        {"order_id": placed["order_id"], "lines": TEAPOTS["lines"], "carrier": "parcel post"}
    ]
    assert shop.ends() == ["SUCCEEDED"]


@pytest.mark.parametrize(
    ("change", "reason", "way"),
    [
        pytest.param({"lines": {"cup": 6, "teapot": 4}}, "OutOfStock", ["reserve", "release"], id="out of stock"),
        pytest.param({"customer_id": "bob"}, "NotEnoughCredit", ["charge", "refund", "release"], id="poor"),
        pytest.param({"customer_id": "eve"}, "NotEnoughCredit", ["charge", "refund", "release"], id="no account"),
        pytest.param({"country": "NZ"}, "NoCarrier", ["choose_carrier", "refund", "release"], id="too far"),
        pytest.param({"lines": {"anvil": 9}, "country": "IT"}, "NoCarrier", ["choose_carrier", "refund"], id="heavy"),
    ],
)
def test_what_was_done_for_an_order_that_is_refused_is_taken_back(
    shop: Shop, change: Mapping[str, object], reason: str, way: list[str]
) -> None:
    order_id = shop.placed({**TEAPOTS, **change})
    shop.harness.drain()

    order = shop.order(order_id)
    assert (order["status"], order["reason"]) == ("REJECTED", reason)
    assert (shop.stock(), shop.credit()) == (FULL_STOCK, CREDIT)
    assert shop.messages("WarehouseQueueUrl") == []
    assert shop.ends() == ["SUCCEEDED"]
    # A refusal is no reason to try again.
    assert [len(shop.deployment.function(name).invocations) for name in way] == [1] * len(way)


def test_every_grant_is_used_and_none_is_missed(shop: Shop) -> None:
    for order in (TEAPOTS, {**TEAPOTS, "country": "NZ", "lines": {"cup": 1}}):
        shop.order(shop.placed(order))
        shop.harness.drain()
    shop.stop("refund")
    shop.placed({**TEAPOTS, "country": "NZ", "lines": {"cup": 1}})
    shop.harness.drain()
    shop.harness.clock.advance(minutes=5)
    shop.harness.drain()

    assert shop.deployment.permissions.denied == set()
    # What Step Functions logs and traces with knows no resources, and is not among what the harness sees used.
    assert {grant for grant in shop.deployment.permissions.unused if grant.resources != ("*",)} == set()


def test_an_order_that_is_placed_again_is_the_same_order(shop: Shop) -> None:
    first = shop.place(TEAPOTS, idempotency_key="basket-7")
    shop.harness.drain()
    again = shop.place({**TEAPOTS, "lines": {"cup": 1}}, idempotency_key="basket-7")
    other = shop.place({**TEAPOTS, "lines": {"cup": 1}}, idempotency_key="basket-8")
    shop.harness.drain()

    assert [answer.status_code for answer in (first, again, other)] == [202, 202, 202]
    assert again.json()["order_id"] == first.json()["order_id"] != other.json()["order_id"]
    assert (again.json()["status"], again.json()["total"]) == ("CONFIRMED", 5_300)
    assert shop.credit()["ada"] == 10_000 - 5_300 - 250


def test_a_step_that_runs_twice_counts_once(shop: Shop) -> None:
    order_id = shop.placed(TEAPOTS)
    shop.harness.drain()
    [first] = shop.deployment.function("charge").invocations

    for name in ("reserve", "charge"):
        assert shop.deployment.function(name).invoke(first.event, qualifier="live").function_error is None

    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert (shop.stock()["cup"], shop.credit()["ada"]) == (6, 4_700)


def test_a_step_that_cannot_run_for_a_while_is_tried_again(shop: Shop) -> None:
    shop.stop("charge")
    order_id = shop.placed(TEAPOTS)
    shop.harness.drain()
    meanwhile = shop.order(order_id)["status"], shop.stock()["cup"]

    shop.go_on("charge")
    shop.harness.clock.advance(minutes=1)
    shop.harness.drain()

    assert meanwhile == ("PLACED", 6)
    assert shop.order(order_id)["status"] == "CONFIRMED"


def test_an_order_that_can_go_neither_on_nor_back_is_put_aside(shop: Shop) -> None:
    shop.stop("refund")
    order_id = shop.placed({**TEAPOTS, "country": "NZ"})
    shop.harness.drain()
    shop.harness.clock.advance(minutes=5)
    shop.harness.drain()

    [stuck] = shop.messages("StuckQueueUrl")
    assert (stuck["order_id"], stuck["failure"]["Error"]) == (order_id, "Lambda.TooManyRequestsException")
    assert shop.ends() == ["FAILED"]
    # Nobody is told what is not so: the money is still there, and the order still open.
    assert (shop.order(order_id)["status"], shop.credit()["ada"]) == ("PLACED", 4_700)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"lines": {}}, "lines must be an object of 1 to 20 quantities by SKU", id="nothing"),
        pytest.param({"lines": ["cup"]}, "lines must be an object of 1 to 20 quantities by SKU", id="a list"),
        pytest.param({"lines": {"cup": 0}}, "the quantity of cup must be a whole number from 1 to 1000", id="0"),
        pytest.param({"lines": {"cup": 1001}}, "the quantity of cup must be a whole number from 1 to 1000", id="1001"),
        pytest.param({"lines": {"cup": True}}, "the quantity of cup must be a whole number from 1 to 1000", id="true"),
        pytest.param({"lines": {"cup": 1, "hat": 1}}, "there is no hat", id="what is not sold"),
        pytest.param({"country": ""}, "country must be text of 1 to 64 characters", id="no country"),
        pytest.param({"customer_id": 7}, "customer_id must be text of 1 to 64 characters", id="a number as customer"),
    ],
)
def test_what_is_no_order_starts_nothing(shop: Shop, change: Mapping[str, object], message: str) -> None:
    answer = shop.place({**TEAPOTS, **change})
    shop.harness.drain()

    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert shop.ends() == []


@pytest.mark.parametrize(
    ("function", "event", "expected"),
    [
        ("place_order", "place_order", {"statusCode": 202}),
        ("place_order", "place_order_without_lines", {"statusCode": 400}),
        ("read_order", "read_order", {"statusCode": 404}),
        ("choose_carrier", "order", "parcel post"),
    ],
)
def test_the_sample_events_are_answered(shop: Shop, function: str, event: str, expected: object) -> None:
    sample = json.loads((RECIPE / "events" / f"{event}.json").read_text())

    payload = shop.deployment.function(function).invoke(sample, qualifier="live").raise_for_error().payload

    assert ({"statusCode": payload["statusCode"]} if isinstance(payload, dict) else payload) == expected
