"""Names: what each kind may contain, and the forms that other names are derived in."""

from __future__ import annotations

import re
from typing import Final

# The API Reference of CloudFormation, CreateStack, StackName
STACK_NAME_PATTERN: Final = "^[A-Za-z][A-Za-z0-9-]*$"
STACK_NAME_LENGTH_MAX: Final = 128

# A construct id may hold anything but "/"; output names are made from it, and CloudFormation allows
# letters and digits there. Source: CDK Developer Guide "Identifiers"; CloudFormation User Guide "Outputs"
CONSTRUCT_ID_PATTERN: Final = "^[A-Za-z][A-Za-z0-9_-]*$"
CONSTRUCT_ID_LENGTH_MAX: Final = 64

# API CreateFunction.FunctionName, CreateAlias.Name
FUNCTION_NAME_PATTERN: Final = "^[A-Za-z0-9_-]+$"
ALIAS_NAME_PATTERN: Final = "^(?![0-9]+$)[A-Za-z0-9_-]+$"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]")
_PART = re.compile(r"[A-Za-z0-9]+")


def pascal_case(key: str) -> str:
    """The key as the start of an output's name: `my-orders_v2` gives `MyOrdersV2`.

    Letters after the first of a part keep their case: `URLShortener` stays as it is.
    """
    return "".join(part[0].upper() + part[1:] for part in _PART.findall(key))


def further_stack_name(application: str, *parts: str) -> str:
    """The name of an application's stack: the parts are its own name's end, and the environment's name, or none."""
    return "-".join((application, *parts))


def snake_case(text: str) -> str:
    """Words in lower case joined by underscores: `GET /orderItems/{itemId}` gives `get_order_items_item_id`."""
    return "_".join(word.lower() for word in _WORD.findall(text))
