"""Steps that happen once: an order's own item remembers each, and changes together with what the step moves.

Step Functions may run a task twice, and a task that failed may have done its work. So a step that was done already is a
success, and so is taking back a step that was never done.
"""

import os

import boto3
from boto3.dynamodb.types import TypeSerializer

ORDERS_TABLE_NAME = os.environ["ORDERS_TABLE_NAME"]

# Made once per execution environment, so that warm invocations reuse its connections.
dynamodb = boto3.client("dynamodb")


class Refused(Exception):
    """A condition of one of the movements does not hold. index: which one."""

    def __init__(self, index):
        super().__init__(index)
        self.index = index


def take(order_id, step, movements):
    """Does the step with all its movements, unless it was ever done. Refused when one of them is not possible."""
    _move(order_id, f"attribute_not_exists({step})", step, True, movements)


def give_back(order_id, step, movements):
    """Takes the step back with all its movements, if it was done and not yet taken back."""
    _move(order_id, f"{step} = :before", step, False, movements)


def movement(table, key, attribute, amount, *, least=None):
    """Adds `amount` to an item's attribute. least: what has to be there before; absence asks for nothing."""
    values = {":amount": amount} if least is None else {":amount": amount, ":least": least}
    update = {
        "TableName": table,
        "Key": _wire(key),
        "UpdateExpression": f"ADD {attribute} :amount",
        "ExpressionAttributeValues": _wire(values),
    }
    if least is not None:
        update["ConditionExpression"] = f"{attribute} >= :least"
    return {"Update": update}


def _move(order_id, condition, step, done, movements):
    values = {":done": done} if done else {":done": done, ":before": True}
    remember = {
        "TableName": ORDERS_TABLE_NAME,
        "Key": _wire({"order_id": order_id}),
        "UpdateExpression": f"SET {step} = :done",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": _wire(values),
    }
    try:
        dynamodb.transact_write_items(TransactItems=[{"Update": remember}, *movements])
    except dynamodb.exceptions.TransactionCanceledException as error:
        codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
        if codes[0] == "ConditionalCheckFailed":
            return
        if "ConditionalCheckFailed" in codes:
            raise Refused(codes.index("ConditionalCheckFailed") - 1) from None
        # Another transaction was in the way, or DynamoDB is too busy: the workflow tries again.
        raise


def _wire(values):
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in values.items()}
