"""What services hand on for an application: streams of data, mails, conversations, workflows, queries.

Source: Amazon Data Firehose Developer Guide, "Transform source data"; Amazon SES Developer Guide, "Sample incoming
email event"; Amazon Lex V2 Developer Guide, "AWS Lambda input event format for Lex V2"; AWS AppSync Developer Guide,
"Direct Lambda resolvers"; AWS Lambda Developer Guide, "Using Lambda with AWS IoT" and "Using Step Functions": the last
two have no envelope.
"""

from __future__ import annotations

import json
from typing import Any, Final

from lambdakit.session.sample_events.sample import (
    EPOCH_MS,
    EPOCH_SECONDS,
    ISO_MILLISECONDS,
    SOURCE_IP,
    USER_AGENT,
    Choices,
    JsonObject,
    encoded,
    hexadecimal,
    identifier,
)

_FIRST_NUMBER: Final = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_PASS: Final = {"status": "PASS"}


def firehose(choices: Choices) -> JsonObject:
    """Records of a delivery stream that producers write to, for transformation."""
    return {**_delivery(choices), "records": [_transformed(choices, number) for number in choices.numbers()]}


def firehose_kinesis(choices: Choices) -> JsonObject:
    """Records of a delivery stream that reads a Kinesis stream."""
    records = []
    for number in choices.numbers():
        record = _transformed(choices, number)
        record["kinesisRecordMetadata"] = {
            "shardId": "shardId-000000000000",
            "partitionKey": choices.text("key", "example-key"),
            "approximateArrivalTimestamp": EPOCH_MS + number,
            "sequenceNumber": str(_FIRST_NUMBER + number),
            "subsequenceNumber": 0,
        }
        records.append(record)
    stream = choices.arn("kinesis", "stream/example-stream")
    return {**_delivery(choices), "sourceKinesisStreamArn": stream, "records": records}


def _delivery(choices: Choices) -> JsonObject:
    return {
        "invocationId": identifier("invocation"),
        "deliveryStreamArn": choices.arn("firehose", "deliverystream/example-delivery-stream"),
        "region": choices.region,
    }


def _transformed(choices: Choices, number: int) -> JsonObject:
    return {
        "recordId": f"{_FIRST_NUMBER + number}000000",
        "approximateArrivalTimestamp": EPOCH_MS + number,
        "data": encoded(choices.text("body", "Hello from Firehose")),
    }


def email(choices: Choices) -> JsonObject:
    """A mail came in, at a receipt rule's Lambda action. The choice of a message is its subject."""
    sender, recipient, subject = (
        "sender@example.com",
        "recipient@example.com",
        choices.text("message", "Example subject"),
    )
    message_id, date = f"<{hexadecimal('mail', 16)}@example.com>", "Thu, 15 Jan 2026 12:00:00 +0000"
    headers = {
        "Return-Path": f"<{sender}>",
        "From": sender,
        "To": recipient,
        "Subject": subject,
        "Date": date,
        "Message-ID": message_id,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
    }
    return {
        "Records": [
            {
                "eventSource": "aws:ses",
                "eventVersion": "1.0",
                "ses": {
                    "mail": {
                        "timestamp": ISO_MILLISECONDS,
                        "source": sender,
                        "messageId": hexadecimal("stored mail", 40),
                        "destination": [recipient],
                        "headersTruncated": False,
                        "headers": [{"name": name, "value": value} for name, value in headers.items()],
                        "commonHeaders": {
                            "returnPath": sender,
                            "from": [sender],
                            "date": date,
                            "to": [recipient],
                            "messageId": message_id,
                            "subject": subject,
                        },
                    },
                    "receipt": {
                        "timestamp": ISO_MILLISECONDS,
                        "processingTimeMillis": 500,
                        "recipients": [recipient],
                        "spamVerdict": _PASS,
                        "virusVerdict": _PASS,
                        "spfVerdict": _PASS,
                        "dkimVerdict": _PASS,
                        "dmarcVerdict": _PASS,
                        "action": {
                            "type": "Lambda",
                            "functionArn": choices.function_arn,
                            "invocationType": "Event",
                        },
                    },
                },
            }
        ]
    }


def lex(choices: Choices) -> JsonObject:
    """A turn of a conversation, at the fulfilment of an intent. The choice of a message is what was said."""
    said = choices.text("message", "book a room in Paris")
    slot = {
        "shape": "Scalar",
        "value": {"originalValue": "Paris", "interpretedValue": "Paris", "resolvedValues": ["Paris"]},
    }
    intent: JsonObject = {
        "name": "ExampleIntent",
        "slots": {"City": slot},
        "state": "ReadyForFulfillment",
        "confirmationState": "None",
    }
    return {
        "messageVersion": "1.0",
        "invocationSource": "FulfillmentCodeHook",
        "inputMode": "Text",
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": "example-session",
        "inputTranscript": said,
        "invocationLabel": "example-label",
        "bot": {
            "id": "EXAMPLE001",
            "name": "ExampleBot",
            "localeId": "en_US",
            "version": "DRAFT",
            "aliasId": "TSTALIASID",
            "aliasName": "TestBotAlias",
        },
        "interpretations": [{"interpretationSource": "Lex", "intent": intent, "nluConfidence": 0.95}],
        "requestAttributes": {},
        "sessionState": {
            "activeContexts": [],
            "sessionAttributes": {},
            "runtimeHints": {},
            "intent": intent,
            "originatingRequestId": identifier("request"),
        },
        "transcriptions": [
            {
                "transcription": said,
                "transcriptionConfidence": 1.0,
                "resolvedContext": {"intent": "ExampleIntent"},
                "resolvedSlots": {"City": slot},
            }
        ],
    }


def resolver(choices: Choices) -> JsonObject:
    """A field of a GraphQL API is resolved, for a user of a user pool. The choice of a body is the arguments."""
    issuer = f"https://cognito-idp.{choices.region}.amazonaws.com/{choices.region}_Example01"
    sub = identifier("user")
    claims = {
        "sub": sub,
        "iss": issuer,
        "cognito:username": "example-user",
        "aud": "exampleclientid0123456789",
        "token_use": "id",
        "auth_time": EPOCH_SECONDS,
        "exp": EPOCH_SECONDS + 3600,
        "iat": EPOCH_SECONDS,
    }
    return {
        "arguments": json.loads(choices.text("body", '{"id": "example-id"}')),
        "identity": {
            "claims": claims,
            "defaultAuthStrategy": "ALLOW",
            "groups": None,
            "issuer": issuer,
            "sourceIp": [SOURCE_IP],
            "sub": sub,
            "username": "example-user",
        },
        "source": None,
        "request": {
            "headers": {
                "host": f"example.appsync-api.{choices.region}.amazonaws.com",
                "user-agent": USER_AGENT,
                "x-forwarded-for": SOURCE_IP,
                "x-forwarded-proto": "https",
            },
            "domainName": None,
        },
        "prev": None,
        "info": {
            "selectionSetList": ["id"],
            "selectionSetGraphQL": "{\n  id\n}",
            "parentTypeName": "Query",
            "fieldName": "example",
            "variables": {},
        },
        "stash": {},
    }


def plain(choices: Choices) -> Any:
    """What was sent, without an envelope: an IoT rule's result, or a workflow task's input."""
    return json.loads(choices.text("body", '{"example": "value"}'))
