"""What S3 tells and asks.

Source: Amazon S3 User Guide, "Event message structure", "EventBridge event message structure", "Invoking a Lambda
function from Amazon S3 Batch Operations", "Event context format and usage" (Object Lambda).
"""

from __future__ import annotations

from urllib.parse import quote_plus

from lambdakit.session.sample_events.event_buses import envelope
from lambdakit.session.sample_events.sample import (
    ISO_MILLISECONDS,
    SOURCE_IP,
    Choices,
    JsonObject,
    encoded,
    identifier,
    md5,
)

_SEQUENCER = "006968D6C0A1B2C3D4"
_REQUEST_ID = "EXAMPLE123456789"
_OWNER = "A3EXAMPLE00000"
_SIZE = 1024


def put(choices: Choices) -> JsonObject:
    """An object was put. The key is URL-encoded, as S3 sends it."""
    described = {
        "key": quote_plus(_key(choices), safe="/*"),
        "size": _SIZE,
        "eTag": md5(_key(choices)),
        "sequencer": _SEQUENCER,
    }
    return _notification(choices, "ObjectCreated:Put", described)


def delete(choices: Choices) -> JsonObject:
    """An object was deleted: it has no size and no tag any more."""
    described = {"key": quote_plus(_key(choices), safe="/*"), "sequencer": _SEQUENCER}
    return _notification(choices, "ObjectRemoved:Delete", described)


def _notification(choices: Choices, event: str, described: JsonObject) -> JsonObject:
    return {
        "Records": [
            {
                "eventVersion": "2.6",
                "eventSource": "aws:s3",
                "awsRegion": choices.region,
                "eventTime": ISO_MILLISECONDS,
                "eventName": event,
                "userIdentity": {"principalId": f"AWS:{_OWNER}"},
                "requestParameters": {"sourceIPAddress": SOURCE_IP},
                "responseElements": {"x-amz-request-id": _REQUEST_ID, "x-amz-id-2": encoded("example host")},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "example-configuration",
                    "bucket": {
                        "name": _bucket(choices),
                        "ownerIdentity": {"principalId": _OWNER},
                        "arn": choices.global_arn("s3", _bucket(choices)),
                    },
                    "object": described,
                },
            }
        ]
    }


def created_through_event_bridge(choices: Choices) -> JsonObject:
    """The key is not URL-encoded here."""
    described = {"key": _key(choices), "size": _SIZE, "etag": md5(_key(choices)), "sequencer": _SEQUENCER}
    return _told(choices, "Object Created", described, {"reason": "PutObject"})


def deleted_through_event_bridge(choices: Choices) -> JsonObject:
    """The key is not URL-encoded here."""
    described = {"key": _key(choices), "sequencer": _SEQUENCER}
    return _told(
        choices, "Object Deleted", described, {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}
    )


def _told(choices: Choices, detail_type: str, described: JsonObject, reason: JsonObject) -> JsonObject:
    detail = {
        "version": "0",
        "bucket": {"name": _bucket(choices)},
        "object": described,
        "request-id": _REQUEST_ID,
        "requester": choices.account_id,
        "source-ip-address": SOURCE_IP,
        **reason,
    }
    bucket = choices.global_arn("s3", _bucket(choices))
    return envelope(choices, source="aws.s3", detail_type=detail_type, resources=[bucket], detail=detail)


def batch(choices: Choices) -> JsonObject:
    """A task of S3 Batch Operations, in the invocation schema 2.0."""
    return {
        "invocationSchemaVersion": "2.0",
        "invocationId": encoded(identifier("invocation")),
        "job": {"id": identifier("job"), "userArguments": {"exampleArgument": "example"}},
        "tasks": [
            {
                "taskId": encoded(identifier("task")),
                "s3Key": quote_plus(_key(choices), safe="/*"),
                "s3VersionId": None,
                "s3Bucket": _bucket(choices),
            }
        ],
    }


def object_lambda(choices: Choices) -> JsonObject:
    """A GetObject request at an Object Lambda access point."""
    host = f"example-{choices.account_id}.s3-object-lambda.{choices.region}.amazonaws.com"
    supporting = f"example-{choices.account_id}.s3-accesspoint.{choices.region}.amazonaws.com"
    path = f"/{_key(choices)}"
    return {
        "xAmzRequestId": identifier("request"),
        "getObjectContext": {
            "inputS3Url": f"https://{supporting}{path}?X-Amz-Signature=EXAMPLE",
            "outputRoute": "io-example-cell001",
            "outputToken": "EXAMPLE",
        },
        "configuration": {
            "accessPointArn": choices.arn("s3-object-lambda", "accesspoint/example-object-lambda"),
            "supportingAccessPointArn": choices.arn("s3", "accesspoint/example"),
            "payload": "example",
        },
        "userRequest": {"url": path, "headers": {"Host": host, "Accept-Encoding": "identity"}},
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEEXAMPLE00",
            "arn": choices.global_arn("iam", "user/example-user", account_id=choices.account_id),
            "accountId": choices.account_id,
            "accessKeyId": "AKIAEXAMPLEEXAMPLE00",
            "userName": "example-user",
        },
        "protocolVersion": "1.00",
    }


def _bucket(choices: Choices) -> str:
    return choices.text("bucket", "example-bucket")


def _key(choices: Choices) -> str:
    return choices.text("key", "example/object.txt")
