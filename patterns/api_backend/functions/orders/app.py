"""Orders: created, listed, read and deleted over an HTTP API, kept in a DynamoDB table.

Events and answers are API Gateway's payload format 2.0. The table's name comes in TABLE_NAME.
"""

import base64
import binascii
import json
import os
import uuid
from datetime import UTC, datetime

import boto3

TABLE_NAME = os.environ["TABLE_NAME"]
SKU_LENGTH_MAX = 64
QUANTITY_MAX = 1_000
PAGE_SIZE = 100

# Made once per execution environment, so that warm invocations reuse its connections.
dynamodb = boto3.client("dynamodb")


class BadRequest(Exception):
    """What the caller sent cannot be an order; the text says why."""


def create(event, context):
    try:
        order = _order(_json_body(event))
    except BadRequest as refusal:
        return _answer(400, {"message": str(refusal)})
    dynamodb.put_item(
        TableName=TABLE_NAME,
        Item=_to_item(order),
        ConditionExpression="attribute_not_exists(order_id)",
    )
    return _answer(201, order, {"location": f"/orders/{order['order_id']}"})


def list_all(event, context):
    """One page of orders; `next`, when there are more, goes into the query of the next request."""
    page = {"TableName": TABLE_NAME, "Limit": PAGE_SIZE}
    after = (event.get("queryStringParameters") or {}).get("next")
    if after:
        page["ExclusiveStartKey"] = {"order_id": {"S": after}}
    found = dynamodb.scan(**page)
    answer = {"orders": [_from_item(item) for item in found["Items"]]}
    if "LastEvaluatedKey" in found:
        answer["next"] = found["LastEvaluatedKey"]["order_id"]["S"]
    return _answer(200, answer)


def read(event, context):
    order_id = event["pathParameters"]["order_id"]
    found = dynamodb.get_item(TableName=TABLE_NAME, Key={"order_id": {"S": order_id}}, ConsistentRead=True)
    if "Item" not in found:
        return _not_found(order_id)
    return _answer(200, _from_item(found["Item"]))


def delete(event, context):
    order_id = event["pathParameters"]["order_id"]
    try:
        dynamodb.delete_item(
            TableName=TABLE_NAME,
            Key={"order_id": {"S": order_id}},
            ConditionExpression="attribute_exists(order_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return _not_found(order_id)
    return {"statusCode": 204}


def _json_body(event):
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode()
        return json.loads(body)
    except (binascii.Error, ValueError):
        raise BadRequest("the body is not JSON") from None


def _order(wanted):
    if not isinstance(wanted, dict):
        raise BadRequest("the body is not a JSON object")
    sku, quantity = wanted.get("sku"), wanted.get("quantity", 1)
    if not isinstance(sku, str) or not 1 <= len(sku) <= SKU_LENGTH_MAX:
        raise BadRequest(f"sku must be text of 1 to {SKU_LENGTH_MAX} characters")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= QUANTITY_MAX:
        raise BadRequest(f"quantity must be a whole number from 1 to {QUANTITY_MAX}")
    return {
        "order_id": str(uuid.uuid4()),
        "sku": sku,
        "quantity": quantity,
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def _to_item(order):
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in order.items()}


def _from_item(item):
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def _not_found(order_id):
    return _answer(404, {"message": f"there is no order {order_id}"})


def _answer(status, body, headers=None):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body),
    }
