"""Messages: of queues, topics and brokers.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", "Using Lambda with Amazon SNS", "Using Lambda with
Amazon MQ", the example events; "Capturing records of Lambda asynchronous invocations" (the example record).
"""

from __future__ import annotations

import json

from lambdakit.session.sample_events.sample import (
    EPOCH_MS,
    ISO_MILLISECONDS,
    Choices,
    JsonObject,
    encoded,
    identifier,
    md5,
)

_ATTRIBUTES_MD5 = "a20746f16eec30e60269a40fac966160"  # of the one attribute below, as SQS computes it


def sqs(choices: Choices) -> JsonObject:
    """Of a standard queue."""
    return {"Records": [_message(choices, number, "example-queue", {}) for number in choices.numbers()]}


def pipe(choices: Choices) -> list[JsonObject]:
    """Of a queue through EventBridge Pipes: the same records, in no envelope.

    Source: Amazon EventBridge User Guide, "Amazon EventBridge Pipes event enrichment": the request is a JSON array.
    """
    return [_message(choices, number, "example-queue", {}) for number in choices.numbers()]


def sqs_fifo(choices: Choices) -> JsonObject:
    """Of a FIFO queue: all of one message group."""
    records = []
    for number in choices.numbers():
        ordered = {
            "SequenceNumber": str(18_850_000_000_000_000_000 + 256 * number),
            "MessageGroupId": choices.text("key", "example-group"),
            "MessageDeduplicationId": identifier("deduplication", number),
        }
        records.append(_message(choices, number, "example-queue.fifo", ordered))
    return {"Records": records}


def _message(choices: Choices, number: int, queue: str, ordered: JsonObject) -> JsonObject:
    body = choices.text("body", "Hello from SQS")
    return {
        "messageId": identifier("message", number),
        "receiptHandle": encoded(f"{queue} {identifier('receipt', number)}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(EPOCH_MS + number),
            "SenderId": "AIDAEXAMPLEEXAMPLE00",
            "ApproximateFirstReceiveTimestamp": str(EPOCH_MS + number + 5),
            **ordered,
        },
        "messageAttributes": {
            "exampleAttribute": {
                "stringValue": "example",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": md5(body),
        "md5OfMessageAttributes": _ATTRIBUTES_MD5,
        "eventSource": "aws:sqs",
        "eventSourceARN": choices.arn("sqs", queue),
        "awsRegion": choices.region,
    }


def sns(choices: Choices) -> JsonObject:
    """Of a topic: one record, always."""
    topic = choices.arn("sns", "example-topic")
    subscription = f"{topic}:{identifier('subscription')}"
    url = f"https://sns.{choices.region}.amazonaws.com"
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": identifier("notification"),
                    "TopicArn": topic,
                    "Subject": "Example subject",
                    "Message": choices.text("message", "Hello from SNS"),
                    "Timestamp": ISO_MILLISECONDS,
                    "SignatureVersion": "1",
                    "Signature": "EXAMPLE",
                    "SigningCertUrl": f"{url}/SimpleNotificationService-0000000000000000000000.pem",
                    "UnsubscribeUrl": f"{url}/?Action=Unsubscribe&SubscriptionArn={subscription}",
                    "MessageAttributes": {"exampleAttribute": {"Type": "String", "Value": "example"}},
                },
            }
        ]
    }


def mq_active(choices: Choices) -> JsonObject:
    """Of an ActiveMQ broker."""
    broker = f"b-{identifier('broker')}"
    body = encoded(choices.text("body", "Hello from ActiveMQ"))
    return {
        "eventSource": "aws:mq",
        "eventSourceArn": choices.arn("mq", f"broker:example-broker:{broker}"),
        "messages": [
            {
                "messageID": f"ID:{broker}-1.mq.{choices.region}.amazonaws.com-37557-1:1:1:1:{number + 1}",
                "messageType": "jms/text-message",
                "deliveryMode": 1,
                "replyTo": None,
                "type": None,
                "expiration": "60000",
                "priority": 1,
                "correlationId": "example-correlation",
                "redelivered": False,
                "destination": {"physicalName": "example-queue"},
                "data": body,
                "timestamp": EPOCH_MS + number,
                "brokerInTime": EPOCH_MS + number,
                "brokerOutTime": EPOCH_MS + number + 1,
                "properties": {"exampleProperty": "example"},
            }
            for number in choices.numbers()
        ],
    }


def mq_rabbit(choices: Choices) -> JsonObject:
    """Of a RabbitMQ broker."""
    body = choices.text("body", "Hello from RabbitMQ")
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": choices.arn("mq", f"broker:example-broker:b-{identifier('broker')}"),
        "rmqMessagesByQueue": {
            "example-queue::/": [
                {
                    "basicProperties": {
                        "contentType": "text/plain",
                        "contentEncoding": None,
                        "headers": {"exampleHeader": {"bytes": list(b"example")}, "numberInHeader": 10},
                        "deliveryMode": 1,
                        "priority": 34,
                        "correlationId": None,
                        "replyTo": None,
                        "expiration": "60000",
                        "messageId": None,
                        "timestamp": "Jan 15, 2026, 12:00:00 PM",
                        "type": None,
                        "userId": "example-user",
                        "appId": None,
                        "clusterId": None,
                        "bodySize": len(body.encode()),
                    },
                    "redelivered": False,
                    "data": encoded(body),
                }
                for _ in choices.numbers()
            ]
        },
    }


def destination(choices: Choices) -> JsonObject:
    """The record of another function's asynchronous invocation, which failed for good."""
    return {
        "version": "1.0",
        "timestamp": ISO_MILLISECONDS,
        "requestContext": {
            "requestId": identifier("request"),
            "functionArn": f"{choices.arn('lambda', 'function:example-caller')}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": json.loads(choices.text("body", '{"example": true}')),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "example", "errorType": "ValueError"},
    }
