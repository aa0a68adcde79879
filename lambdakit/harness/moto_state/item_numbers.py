"""The numbers of DynamoDB's items in the form in which DynamoDB keeps them; moto keeps the text that it is given.

A number that was written as `1.50` is read as `1.5`, by a client as in the records of a stream; `1` and `1.0` are one
element of a set, and a sum has no zeroes at its end.

Private surface used: `moto.dynamodb.models.dynamo_type.DynamoType` with `type` and `value`.
Canary: tests/behaviour/test_behaviour_item_numbers.py.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules" (leading and trailing zeroes are
trimmed); that exponents are written out and that zero has no sign was measured in ExtendDB/extenddb, pull request 7.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.dynamodb.models.dynamo_type"
_PLAIN: Final = re.compile(r"0|-?(?:[1-9][0-9]*|0(?=\.))(?:\.[0-9]*[1-9])?")
# The most digits that an allowed number has when it is written out; what is longer is left for the checks to refuse.
_EXPONENT_MAX: Final = 200


def trim_numbers() -> None:
    """From now on numbers are kept trimmed. Idempotent."""
    change_when_loaded(_change)


def plain_number(text: str) -> str:
    """A number without exponent, leading and trailing zeroes. text: as it is when it is no number, or out of bounds."""
    if _PLAIN.fullmatch(text):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > _EXPONENT_MAX:
        return text
    if not number:
        return "0"
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    models: Any = module
    own = models.DynamoType.__init__

    @functools.wraps(own)
    def initialise(value: Any, type_as_dict: Any) -> None:
        own(value, type_as_dict)
        if value.type == "N" and isinstance(value.value, str):
            value.value = plain_number(value.value)
        elif value.type == "NS":
            value.value = [plain_number(element) for element in value.value]

    models.DynamoType.__init__ = initialise
