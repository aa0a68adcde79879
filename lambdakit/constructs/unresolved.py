"""Text and numbers that only the deployment knows."""

from __future__ import annotations

from math import inf
from typing import Final

from aws_cdk import Token

# The CDK stands numbers near -1.9e289 for such values, as seen with aws-cdk-lib 2: settings are told apart from them
# without asking it each time, which is a call to another process.
_ENCODED_BELOW: Final = -1e200


def is_unresolved(text: str) -> bool:
    """Whether the text holds a value that the CDK puts in later, and so cannot be judged yet."""
    return "${Token[" in text


def is_unresolved_number(value: object) -> bool:
    """Whether the number stands for one that the CDK puts in later, as `CfnParameter.value_as_number` does."""
    return isinstance(value, float) and -inf < value < _ENCODED_BELOW and Token.is_unresolved(value)


def known(value: float | None) -> float | None:
    """The number, or None when there is none or only the deployment knows it."""
    return None if value is None or is_unresolved_number(value) else value
