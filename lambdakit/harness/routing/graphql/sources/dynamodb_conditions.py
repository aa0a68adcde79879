"""Conditions of writes, and what happens when one does not hold.

The item is read as it is now. A put whose values are there already, and a deletion of what is not there, count as done:
the write may have happened before, and its answer been lost. Otherwise the error goes to the response handler with the
item as it is.
Source: AppSync Developer Guide, "AWS AppSync resolver mapping template reference for DynamoDB", "Condition expressions"
(`equalsIgnore`, `consistentRead`, `conditionalCheckFailedHandler`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.sources.aws_calls import ServiceRefusal
from lambdakit.harness.routing.graphql.sources.dynamodb_values import (
    expression_fields,
    plain_item,
    typed_map,
    wanted,
)
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault

if TYPE_CHECKING:
    from lambdakit.harness.routing.graphql.sources.dynamodb import Table

_FAILED: Final = "ConditionalCheckFailedException"


@dataclass(slots=True)
class Outcome:
    """What a write left. item: with types; None for none."""

    item: Mapping[str, Any] | None = None


def condition_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document's condition, as DynamoDB has it; empty without one. FieldFault for what is not done here."""
    condition = document.get("condition")
    if not isinstance(condition, Mapping):
        return {}
    handler = condition.get("conditionalCheckFailedHandler")
    if isinstance(handler, Mapping) and handler.get("strategy") == "Custom":
        raise FieldFault(
            "the harness does not call a function for a condition that failed: use the strategy Reject",
            "UnsupportedCondition",
        )
    names, values = expression_fields(condition)
    fields = {
        "ConditionExpression": wanted(condition, "expression", "condition"),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return {name: value for name, value in fields.items() if value}


@contextlib.contextmanager
def settled(
    table: Table, document: Mapping[str, Any], *, expected: Mapping[str, Any] | None, gone_is_done: bool = False
) -> Iterator[Outcome]:
    """A write within the block, with what is to happen when its condition does not hold. SourceFault.

    expected: what a put is to leave; None for no put.
    """
    outcome = Outcome()
    try:
        yield outcome
    except ServiceRefusal as refused:
        condition = document.get("condition")
        if refused.code != _FAILED or not isinstance(condition, Mapping):
            raise
        key = typed_map(document, "key")
        consistent = bool(condition.get("consistentRead", True))
        found = table.call("GetItem", {"TableName": table.name, "Key": key, "ConsistentRead": consistent}).get("Item")
        if (gone_is_done and found is None) or _is_as_expected(found, expected, condition):
            outcome.item = found
            return
        shown = plain_item(found) if condition.get("returnValuesOnConditionCheckFailure", True) else None
        raise SourceFault(f"{refused.message} (Service: DynamoDb)", f"DynamoDB:{_FAILED}", data=shown) from None


def _is_as_expected(
    found: Mapping[str, Any] | None, expected: Mapping[str, Any] | None, condition: Mapping[str, Any]
) -> bool:
    if found is None or expected is None:
        return False
    ignored = set(condition.get("equalsIgnore") or ())
    left, right = ({name: value for name, value in each.items() if name not in ignored} for each in (found, expected))
    return left == right
