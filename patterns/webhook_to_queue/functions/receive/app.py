"""Receives webhooks: what is signed goes into the queue and is answered at once, the rest is refused.

Events and answers are API Gateway's payload format 2.0. The queue comes in ACCEPTED_QUEUE_URL, the signing secret's ARN
in SIGNING_SECRET. Nothing is decided here but who sent the request: its meaning is the business of who reads the queue,
so that a sender is not kept waiting and never hears of an error that sending again would not mend.
"""

import base64
import binascii
import json
import os
import time

import boto3
from signature import SignatureRefused, verify

ACCEPTED_QUEUE_URL = os.environ["ACCEPTED_QUEUE_URL"]
SIGNING_SECRET = os.environ["SIGNING_SECRET"]
MESSAGE_BYTES_MAX = 256 * 1024
# A new secret counts after this at the latest, and forged requests cause no more reads than this.
SECRET_SECONDS = 60

# Made once per execution environment, so that warm invocations reuse its connections.
sqs = boto3.client("sqs")
secrets_manager = boto3.client("secretsmanager")


class SigningSecret:
    """The secret, read when it is first needed and again when it is old."""

    def __init__(self):
        self._text = None
        self._read_at = 0.0

    def text(self):
        if self._text is None or time.monotonic() - self._read_at > SECRET_SECONDS:
            self._text = secrets_manager.get_secret_value(SecretId=SIGNING_SECRET)["SecretString"]
            self._read_at = time.monotonic()
        return self._text


secret = SigningSecret()


def handler(event, context):
    try:
        body = _body(event)
        webhook_id = verify(event.get("headers", {}), body, secret.text(), now=time.time())
        # Written anew, in ASCII: SQS refuses some characters that JSON allows.
        message = json.dumps({"webhook_id": webhook_id, "payload": json.loads(body)})
    except SignatureRefused as refusal:
        return _answer(401, str(refusal))
    except ValueError:
        return _answer(400, "the body is no JSON")
    if len(message) > MESSAGE_BYTES_MAX:
        return _answer(413, f"the body has more than {MESSAGE_BYTES_MAX} bytes")
    # An error of SQS's is not caught: the sender is answered 500, and sends the webhook again.
    sqs.send_message(QueueUrl=ACCEPTED_QUEUE_URL, MessageBody=message)
    return _answer(202, "accepted")


def _body(event):
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise SignatureRefused("the body is not what was signed") from None


def _answer(status, message):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"message": message}),
    }
