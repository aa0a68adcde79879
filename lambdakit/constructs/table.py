"""The DynamoDB table of a pattern, and what a function may do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge_grant, is_checked
from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.table_encryption import encrypt_in_any_region
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from constructs import Construct

TableAccess: TypeAlias = Literal["read", "write", "read_write"]

# What the operations of boto3's Table do. No wildcard; nothing that changes or deletes the table, reads its
# stream, or runs PartiQL.
# Source: Service Authorization Reference, "Amazon DynamoDB"
_READ: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
_WRITE: Final = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
TABLE_ACTIONS: Final[Mapping[TableAccess, tuple[str, ...]]] = {
    "read": _READ,
    "write": _WRITE,
    "read_write": tuple(sorted({*_READ, *_WRITE})),
}

# Source: DynamoDB Developer Guide, "DynamoDB encryption at rest: usage notes", required key permissions
_KEY_ACTIONS: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

# Source: API DynamoDB KeySchemaElement.AttributeName
_ATTRIBUTE_NAME_LENGTH_MAX: Final = 255
# Source: API DynamoDB GlobalSecondaryIndex.IndexName
_INDEX_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


# Source: DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", global secondary indexes per table
_INDEXES_MAX: Final = 20

Projection: TypeAlias = Literal["all", "keys_only", "include"]
_PROJECTIONS: Final[Mapping[str, dynamodb.ProjectionType]] = {
    "all": dynamodb.ProjectionType.ALL,
    "keys_only": dynamodb.ProjectionType.KEYS_ONLY,
    "include": dynamodb.ProjectionType.INCLUDE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalSecondaryIndex:
    """A table's items by other attributes, which functions with access to the table may read as well.

    partition_key, sort_key: as those of a table; without a sort key, items are in no order.
    projection_type: which attributes the index holds, also as the CDK's `ProjectionType`; absent, all of them.
    non_key_attributes: those of the projection `include`.
    """

    index_name: str
    partition_key: str | dynamodb.Attribute
    sort_key: str | dynamodb.Attribute | None = None
    projection_type: Projection | dynamodb.ProjectionType = "all"
    non_key_attributes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProperties:
    """A table, on demand, encrypted, with point-in-time recovery.

    partition_key: an attribute's name, for text, or the CDK's `Attribute` for another type.
    sort_key: likewise; absent, none.
    time_to_live_attribute: holds the second (Unix time) at which an item expires; absent, items stay.
    point_in_time_recovery: absent, on.
    removal_policy: what happens to the table when it leaves the stack; absent, it is retained.
    encryption: absent, with the key that AWS manages for DynamoDB.
    deletion_protection: absent, off, as `removal_policy` already keeps the table.
    global_secondary_indexes: at most 20; absent, none.
    """

    partition_key: str | dynamodb.Attribute
    sort_key: str | dynamodb.Attribute | None = None
    time_to_live_attribute: str | None = None
    point_in_time_recovery: bool = True
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
    encryption: dynamodb.TableEncryptionV2 | None = None
    deletion_protection: bool = False
    global_secondary_indexes: Sequence[GlobalSecondaryIndex] = ()


def make_table(
    scope: Construct, id: str, properties: TableProperties, *, stream: dynamodb.StreamViewType | None = None
) -> dynamodb.TableV2:
    """The table that `properties` describe. stream: what its stream shows of a change; absent, it has none."""
    table = dynamodb.TableV2(
        scope,
        id,
        partition_key=_attribute(properties.partition_key),
        sort_key=None if properties.sort_key is None else _attribute(properties.sort_key),
        time_to_live_attribute=properties.time_to_live_attribute,
        billing=dynamodb.Billing.on_demand(),
        encryption=properties.encryption or dynamodb.TableEncryptionV2.aws_managed_key(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=properties.point_in_time_recovery
        ),
        removal_policy=properties.removal_policy,
        deletion_protection=properties.deletion_protection,
        global_secondary_indexes=[_index(each) for each in properties.global_secondary_indexes] or None,
        dynamo_stream=stream,
    )
    if properties.encryption is not None and (key := properties.encryption.table_key) is not None:
        recovery = {"pointInTimeRecoveryEnabled": properties.point_in_time_recovery}
        replica = {
            "deletionProtectionEnabled": properties.deletion_protection,
            "pointInTimeRecoverySpecification": recovery,
        }
        encrypt_in_any_region(table, key, replica)
    return table


def grant_table_access(table: dynamodb.ITable, grantee: iam.IGrantable, access: TableAccess) -> None:
    """Allows the grantee exactly the actions of `access`, on the table and, where it has any, its indexes.

    A table under a customer's own key also needs the use of that key.
    """
    table.grant(grantee, *TABLE_ACTIONS[access])
    if is_checked():
        acknowledge_grant(grantee, f"{table.table_arn}/index/*", "The indexes of the table that the grant is for.")
    if (key := table.encryption_key) is not None:
        key.grant(grantee, *_KEY_ACTIONS)


def table_problems(pointer: str, properties: TableProperties) -> Iterator[Diagnostic]:
    """What DynamoDB would refuse of `properties`."""
    names = {
        "partition_key": _name(properties.partition_key),
        "sort_key": None if properties.sort_key is None else _name(properties.sort_key),
        "time_to_live_attribute": properties.time_to_live_attribute,
    }
    for key, name in names.items():
        if name is not None and not 1 <= len(name.encode()) <= _ATTRIBUTE_NAME_LENGTH_MAX:
            yield Diagnostic(
                pointer=f"{pointer}.{key}",
                problem=f"the attribute's name has {len(name.encode())} bytes; "
                f"DynamoDB allows 1 to {_ATTRIBUTE_NAME_LENGTH_MAX}",
                code="LK401",
                hint=f"{key}: id",
            )
    for key in ("sort_key", "time_to_live_attribute"):
        if names[key] is not None and names[key] == names["partition_key"]:
            yield Diagnostic(
                pointer=f"{pointer}.{key}",
                problem=f"{names[key]!r} is the partition key already",
                code="LK405",
                hint=f"name another attribute, or leave {key} out",
            )
    yield from _index_problems(f"{pointer}.global_secondary_indexes", properties)


def _index_problems(pointer: str, properties: TableProperties) -> Iterator[Diagnostic]:
    indexes = properties.global_secondary_indexes
    if len(indexes) > _INDEXES_MAX:
        yield Diagnostic(
            pointer=pointer,
            problem=f"{len(indexes)} indexes are above {_INDEXES_MAX}, the most a table may have",
            code="LK401",
            hint="let one index serve several questions by an attribute that holds the kind of item",
        )
    names: set[str] = set()
    for place, index in enumerate(indexes):
        here = f"{pointer}[{place}]"
        if _INDEX_NAME.fullmatch(index.index_name) is None:
            yield Diagnostic(
                pointer=f"{here}.index_name",
                problem=f"{index.index_name!r} is no name of an index: 3 to 255 letters, digits and . - _",
                code="LK401",
                hint="index_name: by_customer",
            )
        elif index.index_name in names:
            yield Diagnostic(
                pointer=f"{here}.index_name",
                problem=f"{index.index_name!r} is the name of another index of this table",
                code="LK405",
                hint="choose another name",
            )
        names.add(index.index_name)
        if index.sort_key is not None and _name(index.sort_key) == _name(index.partition_key):
            yield Diagnostic(
                pointer=f"{here}.sort_key",
                problem=f"{_name(index.sort_key)!r} is the index's partition key already",
                code="LK405",
                hint="name another attribute, or leave sort_key out",
            )
        if (word(index.projection_type) == "include") != bool(index.non_key_attributes):
            yield Diagnostic(
                pointer=f"{here}.non_key_attributes",
                problem=f"{len(index.non_key_attributes)} attributes with the projection {word(index.projection_type)}",
                code="LK405",
                hint="name attributes with projection_type include, and with no other",
            )


def _index(index: GlobalSecondaryIndex) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=index.index_name,
        partition_key=_attribute(index.partition_key),
        sort_key=None if index.sort_key is None else _attribute(index.sort_key),
        projection_type=_PROJECTIONS[word(index.projection_type)],
        non_key_attributes=list(index.non_key_attributes) or None,
    )


def _attribute(attribute: str | dynamodb.Attribute) -> dynamodb.Attribute:
    if isinstance(attribute, str):
        return dynamodb.Attribute(name=attribute, type=dynamodb.AttributeType.STRING)
    return attribute


def _name(attribute: str | dynamodb.Attribute) -> str:
    return attribute if isinstance(attribute, str) else attribute.name
