"""The DynamoDB table of an API backend."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from lambdakit.spec.function import Model
from lambdakit.spec.refusal import patterned_text, wrong_type
from lambdakit.spec.resource_name import KEY_SAYS, KeyName, ResourceName

# API dynamodb KeySchemaAttributeName, TimeToLiveAttributeName
_ATTRIBUTE_NAME_LENGTH_MAX = 255
# Source: DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", global secondary indexes per table
_INDEXES_MAX = 20

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


IndexName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_.-]{3,255}$",
        allowed="a name of an index: 3 to 255 letters, digits and . - _",
        longest=255,
    ),
]
# Source: API dynamodb CreateTable.TableName
TableName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_.-]{3,255}$",
        allowed="a name of a table: 3 to 255 letters, digits and . - _",
        longest=255,
    ),
]


class GlobalSecondaryIndex(Model):
    """A table's items by other attributes. sort_key: None for an index that does not order them.

    A rule checks the names, and that non_key_attributes belong to the projection `include`.
    """

    index_name: IndexName = Field(description="name of the index", examples=["by_customer"])
    partition_key: Key = Field(description="attribute that spreads items", examples=["customer_id"])
    sort_key: Key | None = Field(default=None, description="attribute that orders items", examples=["created_at"])
    projection_type: Literal["all", "keys_only", "include"] = Field(
        default="all", description="which attributes the index holds"
    )
    non_key_attributes: list[AttributeName] = Field(
        default_factory=lambda: [], description="those that it holds beside the keys", examples=[["total"]]
    )


class Table(Model):
    """A DynamoDB table, billed by request.

    sort_key: None for a table whose items the partition key alone identifies.
    time_to_live_attribute: None when items do not expire. encryption_key: None for the key that AWS manages.
    """

    partition_key: Key = Field(description="attribute that spreads items", examples=["order_id"])
    sort_key: Key | None = Field(default=None, description="attribute that orders items", examples=["created_at"])
    time_to_live_attribute: AttributeName | None = Field(
        default=None,
        description="number attribute: the second since 1970 in which an item expires",
        examples=["expires_at"],
    )
    global_secondary_indexes: Annotated[list[GlobalSecondaryIndex], Field(max_length=_INDEXES_MAX)] = Field(
        default_factory=lambda: [],
        description="other ways to the table's items",
        examples=[[{"index_name": "by_customer", "partition_key": "customer_id"}]],
    )
    point_in_time_recovery: bool = Field(default=True, description="continuous backups of the last 35 days")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the table when it leaves the stack"
    )
    encryption_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])
    deletion_protection: bool = Field(default=False, description="whether the table refuses to be deleted")


class ExistingTable(Model):
    """A table that is there already."""

    table_name: TableName = Field(description="name of a table that is there already", examples=["orders"])
    grant_index_permissions: bool = Field(
        default=False, description="whether access to the table is access to its indexes, too"
    )
    encryption_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])


def _table_tag(value: object) -> str:
    if isinstance(value, str):
        return "named"
    if isinstance(value, dict):
        return "existing" if "table_name" in value else "new"
    return "existing" if isinstance(value, ExistingTable) else "new"


# Text is the name of one of the document's `resources`.
AnyTable = Annotated[
    Annotated[ResourceName, Tag("named")] | Annotated[Table, Tag("new")] | Annotated[ExistingTable, Tag("existing")],
    Discriminator(_table_tag),
]
NamedOrNewTable = Annotated[
    Annotated[ResourceName, Tag("named")] | Annotated[Table, Tag("new")],
    Discriminator(lambda value: "named" if isinstance(value, str) else "new"),
]
