"""Signatures of webhooks, as the Standard Webhooks specification has them.

The sender signs `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256 and sends `v1,<base64>`; while it changes
its secret it sends several, with a space between them.
Source: Standard Webhooks 1.0.0, "Webhook headers (metadata)" and "Signature scheme".
"""

import base64
import binascii
import hashlib
import hmac

TOLERANCE_SECONDS = 5 * 60
ID_LENGTH_MAX = 255
_VERSION = "v1"
_SECRET_PREFIX = "whsec_"


class SignatureRefused(Exception):
    """The request was not signed by who knows the secret, or long ago; the text says which part is wrong."""


def verify(headers, body, secret, *, now):
    """The webhook's id.

    headers: by name in lower case. body: the bytes as they came. secret: `whsec_` and base64, or any other text.
    now: Unix time. SignatureRefused when the request cannot be trusted.
    """
    webhook_id, timestamp, signatures = (
        headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not 1 <= len(webhook_id) <= ID_LENGTH_MAX:
        raise SignatureRefused(f"webhook-id must have 1 to {ID_LENGTH_MAX} characters")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise SignatureRefused("webhook-timestamp must be a Unix time in seconds")
    # What was once sent must not be sent again by who listened.
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused(f"webhook-timestamp is more than {TOLERANCE_SECONDS} seconds away from now")
    expected = sign(webhook_id, timestamp, body, secret).encode()
    # All are compared, each in constant time, so that nothing can be learnt from how long it takes.
    if not any([hmac.compare_digest(given.encode(), expected) for given in signatures.split(" ")]):
        raise SignatureRefused("no signature in webhook-signature is the body's")
    return webhook_id


def sign(webhook_id, timestamp, body, secret):
    """The signature, `v1,<base64>`."""
    content = b".".join([webhook_id.encode(), timestamp.encode(), body])
    return f"{_VERSION},{base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()}"


def _key(secret):
    if secret.startswith(_SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise RuntimeError(f"the secret begins with {_SECRET_PREFIX}, but no base64 follows") from None
    return secret.encode()
