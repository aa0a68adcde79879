"""The DynamoDB table of an API backend."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lambdakit.spec.function import Model
from lambdakit.spec.refusal import patterned_text, wrong_type

# API dynamodb KeySchemaAttributeName, TimeToLiveAttributeName
_ATTRIBUTE_NAME_LENGTH_MAX = 255

AttributeName = Annotated[
    str,
    patterned_text(
        "^[^\\u0000-\\u001f\\u007f]+$", allowed="a name of an attribute", longest=_ATTRIBUTE_NAME_LENGTH_MAX
    ),
]


class KeyAttribute(Model):
    """A key attribute of a table."""

    name: AttributeName = Field(description="name of the attribute", examples=["order_id"])
    type: Literal["string", "number", "binary"] = Field(default="string", description="type of the attribute")


def _key_attribute(value: object) -> Any:
    """A key attribute written as its name alone is a string attribute."""
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, (dict, KeyAttribute)):
        raise wrong_type(value, "text, the name of an attribute, or a mapping of name and type")
    return value


Key = Annotated[KeyAttribute, BeforeValidator(_key_attribute, json_schema_input_type=AttributeName | KeyAttribute)]


class Table(Model):
    """A DynamoDB table, billed by request.

    sort_key: None for a table whose items the partition key alone identifies.
    time_to_live_attribute: None when items do not expire.
    """

    partition_key: Key = Field(description="attribute that spreads items", examples=["order_id"])
    sort_key: Key | None = Field(default=None, description="attribute that orders items", examples=["created_at"])
    time_to_live_attribute: AttributeName | None = Field(
        default=None,
        description="number attribute: the second since 1970 in which an item expires",
        examples=["expires_at"],
    )
    point_in_time_recovery: bool = Field(default=True, description="continuous backups of the last 35 days")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the table when it leaves the stack"
    )
