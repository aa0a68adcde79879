"""Records webhooks: each message of the queue becomes an item of the table, once, however often it comes.

The table comes in RECORDED_TABLE_NAME. A message that is no webhook fails alone; the rest of its batch is kept.
"""

import json
import logging
import os
from datetime import UTC, datetime, timedelta

import boto3

RECORDED_TABLE_NAME = os.environ["RECORDED_TABLE_NAME"]
KEPT = timedelta(days=90)

logger = logging.getLogger(__name__)

# Made once per execution environment, so that warm invocations reuse its connections.
dynamodb = boto3.client("dynamodb")


def handler(event, context):
    failed = []
    for message in event["Records"]:
        try:
            _record(message)
        except Exception as error:  # one message must not take its neighbours with it
            logger.warning("message %s is not recorded: %r", message["messageId"], error)
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _record(message):
    received_at = datetime.fromtimestamp(int(message["attributes"]["SentTimestamp"]) / 1000, UTC)
    try:
        dynamodb.put_item(
            TableName=RECORDED_TABLE_NAME,
            Item=_item(json.loads(message["body"]), received_at),
            # Queues and senders both deliver at least once.
            ConditionExpression="attribute_not_exists(webhook_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("message %s was recorded before", message["messageId"])


def _item(webhook, received_at):
    payload = webhook["payload"]
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str) or not payload["type"]:
        raise ValueError("the payload has no type")
    return {
        "webhook_id": {"S": webhook["webhook_id"]},
        "type": {"S": payload["type"]},
        "payload": {"S": json.dumps(payload)},
        "received_at": {"S": received_at.isoformat(timespec="milliseconds")},
        "expires_at": {"N": str(int((received_at + KEPT).timestamp()))},
    }
