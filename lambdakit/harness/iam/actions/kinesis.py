"""Kinesis Data Streams.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Kinesis Data Streams".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.actions.kms import key_arn
from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Rules


def _stream(call: ApiCall) -> Sequence[str]:
    arn = call.text("StreamARN", "ResourceARN")
    if arn:
        return [arn] if arn.startswith("arn:") and "/consumer/" not in arn else []
    name = call.text("StreamName") or call.lookups.stream_of_iterator(call.text("ShardIterator"))
    return [call.arn("kinesis", f"stream/{name}")] if name else []


def _consumer(call: ApiCall) -> Sequence[str]:
    """A consumer's ARN ends with the second in which it was registered, which a name does not tell."""
    arn = call.text("ConsumerARN", "ResourceARN")
    if arn:
        return [arn] if "/consumer/" in arn else []
    stream, name = call.text("StreamARN"), call.text("ConsumerName")
    return [f"{stream}/consumer/{name}:*"] if stream and name else []


def _key(call: ApiCall) -> Sequence[str]:
    arn = key_arn(call, call.text("KeyId"))
    return [arn] if arn else []


KINESIS: Final = Rules(
    resources={"stream": _stream, "consumer": _consumer, "kmsKey": _key},
)
