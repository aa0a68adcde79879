"""Why the service does not do what it is asked for."""

from __future__ import annotations


class DurableRefused(Exception):
    """A refusal. code: the exception's name in the Lambda API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> DurableRefused:
    """For a request that says something it cannot say."""
    return DurableRefused("InvalidParameterValueException", message)


def invalid_token() -> DurableRefused:
    """For a checkpoint token that is not the current one.

    The SDKs begin a new invocation after exactly this text, and fail the execution after any other refusal. Source:
    `aws-durable-execution-sdk-python` 3.0.0, exceptions.py, `INVALID_CHECKPOINT_TOKEN_PREFIX`.
    """
    return invalid("Invalid checkpoint token")
