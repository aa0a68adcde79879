"""Orders over HTTP: one is placed, which starts its workflow, and read, which tells how far that has come.

Events and answers are API Gateway's payload format 2.0. The orders' table comes in TABLE_NAME, that of the goods in
STOCK_TABLE_NAME, the workflow in WORKFLOW_STATE_MACHINE_ARN.
"""

import base64
import binascii
import json
import os
import uuid
from datetime import UTC, datetime

import boto3

TABLE_NAME = os.environ["TABLE_NAME"]
STOCK_TABLE_NAME = os.environ.get("STOCK_TABLE_NAME", "")
WORKFLOW_STATE_MACHINE_ARN = os.environ.get("WORKFLOW_STATE_MACHINE_ARN", "")
LINES_MAX = 20
QUANTITY_MAX = 1_000
TEXT_LENGTH_MAX = 64
SHOWN = ("order_id", "customer_id", "country", "lines", "total", "status", "reason", "carrier", "created_at")

# Made once per execution environment, so that warm invocations reuse their connections.
tables = boto3.resource("dynamodb")
orders = tables.Table(TABLE_NAME)
states = boto3.client("stepfunctions")


class BadRequest(Exception):
    """What the caller sent cannot be an order; the text says why."""


def place(event, context):
    try:
        wanted = _wanted(_json_body(event))
        goods = _goods(wanted["lines"])
        key = _idempotency_key(event)
    except BadRequest as refusal:
        return _answer(400, {"message": str(refusal)})
    order = {
        # The same key of the same customer is the same order, whatever was lost on the way to or from here.
        "order_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{wanted['customer_id']} {key}") if key else uuid.uuid4()),
        **wanted,
        "total": sum(int(goods[sku]["price"]) * quantity for sku, quantity in wanted["lines"].items()),
        "grams": sum(int(goods[sku]["grams"]) * quantity for sku, quantity in wanted["lines"].items()),
    }
    placed = {**order, "status": "PLACED", "created_at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    try:
        orders.put_item(Item=placed, ConditionExpression="attribute_not_exists(order_id)")
    except tables.meta.client.exceptions.ConditionalCheckFailedException:
        placed = orders.get_item(Key={"order_id": order["order_id"]}, ConsistentRead=True)["Item"]
        order = {name: placed[name] for name in order}
    _start(order)
    return _answer(202, _shown(placed), {"location": f"/orders/{order['order_id']}"})


def read(event, context):
    order_id = event["pathParameters"]["order_id"]
    order = orders.get_item(Key={"order_id": order_id}, ConsistentRead=True).get("Item")
    if order is None:
        return _answer(404, {"message": f"there is no order {order_id}"})
    return _answer(200, _shown(order))


def _start(order):
    """Starts the order's workflow, once: an execution of that name can be started again only as the same."""
    try:
        states.start_execution(
            stateMachineArn=WORKFLOW_STATE_MACHINE_ARN,
            name=order["order_id"],
            input=json.dumps(order, default=int, sort_keys=True),
        )
    except states.exceptions.ExecutionAlreadyExists:
        return


def _goods(lines):
    """What is known of the goods, by SKU."""
    keys = [{"sku": sku} for sku in lines]
    found = tables.batch_get_item(RequestItems={STOCK_TABLE_NAME: {"Keys": keys}})
    if found["UnprocessedKeys"]:
        raise RuntimeError("DynamoDB is too busy to tell the prices")
    goods = {item["sku"]: item for item in found["Responses"][STOCK_TABLE_NAME]}
    if unknown := sorted(set(lines) - set(goods)):
        raise BadRequest(f"there is no {unknown[0]}")
    return goods


def _json_body(event):
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode()
        return json.loads(body)
    except (binascii.Error, ValueError):
        raise BadRequest("the body is not JSON") from None


def _wanted(body):
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    lines = body.get("lines")
    if not isinstance(lines, dict) or not 1 <= len(lines) <= LINES_MAX or not all(map(_is_text, lines)):
        raise BadRequest(f"lines must be an object of 1 to {LINES_MAX} quantities by SKU")
    for sku, quantity in lines.items():
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= QUANTITY_MAX:
            raise BadRequest(f"the quantity of {sku} must be a whole number from 1 to {QUANTITY_MAX}")
    for name in ("customer_id", "country"):
        if not _is_text(body.get(name)):
            raise BadRequest(f"{name} must be text of 1 to {TEXT_LENGTH_MAX} characters")
    return {"customer_id": body["customer_id"], "country": body["country"], "lines": lines}


def _idempotency_key(event):
    key = event.get("headers", {}).get("idempotency-key")
    if key is not None and not _is_text(key):
        raise BadRequest(f"idempotency-key must be text of 1 to {TEXT_LENGTH_MAX} characters")
    return key


def _is_text(value):
    return isinstance(value, str) and 1 <= len(value) <= TEXT_LENGTH_MAX


def _shown(order):
    return {name: order[name] for name in SHOWN if name in order}


def _answer(status, body, headers=None):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body, default=int),
    }
