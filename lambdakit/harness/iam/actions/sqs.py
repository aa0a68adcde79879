"""SQS. A queue is named by its URL, whose last two parts are account and name.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"; SQS Developer Guide,
"Amazon SQS API permissions: Actions and resource reference" (batches need the action of a single message).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Rules

_URL: Final = re.compile(
    r"(?:https?://(?:sqs\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)?[^/]*)?/(?:.*/)?(?P<account>\d{12})/(?P<name>[\w.-]+)/?"
)


def queue_arn(call: ApiCall, url: str) -> str:
    """The ARN of a queue by its URL, or its name; empty for what is neither."""
    match = _URL.fullmatch(url)
    if match is not None:
        return call.arn("sqs", match["name"], region=match["region"] or None, account_id=match["account"])
    return call.arn("sqs", url) if re.fullmatch(r"[\w-]{1,80}(?:\.fifo)?", url) else ""


def _queue(call: ApiCall) -> Sequence[str]:
    name = call.text("QueueName")
    if name:
        return [call.arn("sqs", name, account_id=call.text("QueueOwnerAWSAccountId") or None)]
    # In the query protocol the queue's URL is where the request is sent, and no member has to repeat it.
    url = call.text("QueueUrl") or (unquote(call.request.path) if "Action" in call.members else "")
    arn = queue_arn(call, url) or call.text("SourceArn") or _moved_from(call.text("TaskHandle"))
    return [arn] if arn else []


def _moved_from(handle: str) -> str:
    """The source queue of a message move task, whose handle is base64 of a JSON document."""
    try:
        task = json.loads(base64.b64decode(handle, validate=True))
    except (ValueError, RecursionError, binascii.Error):
        return ""
    source = task.get("sourceArn") if isinstance(task, dict) else None
    return source if isinstance(source, str) and source.startswith("arn:") else ""


SQS: Final = Rules(
    actions={
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "SendMessageBatch": ("SendMessage",),
    },
    resources={"queue": _queue},
)
