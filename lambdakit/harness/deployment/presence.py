"""Whether a service knows of a thing. Apart from `settings`, for who is loaded before the services' models are."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError


def is_there(read: Callable[[], object], *codes: str) -> bool:
    """Whether a service knows of a thing. read: asks for it. codes: the service's error codes for what is not there."""
    try:
        return bool(read())
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return False
        raise
