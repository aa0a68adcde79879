"""The DynamoDB table of a pattern, and what a function may do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

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
    """

    partition_key: str | dynamodb.Attribute
    sort_key: str | dynamodb.Attribute | None = None
    time_to_live_attribute: str | None = None
    point_in_time_recovery: bool = True
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
    encryption: dynamodb.TableEncryptionV2 | None = None
    deletion_protection: bool = False


def make_table(scope: Construct, id: str, properties: TableProperties) -> dynamodb.TableV2:
    """The table that `properties` describe."""
    return dynamodb.TableV2(
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
    )


def grant_table_access(table: dynamodb.ITable, grantee: iam.IGrantable, access: TableAccess) -> None:
    """Allows the grantee exactly the actions of `access`, on the table and, where it has any, its indexes.

    A table under a customer's own key also needs the use of that key.
    """
    table.grant(grantee, *TABLE_ACTIONS[access])
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


def _attribute(attribute: str | dynamodb.Attribute) -> dynamodb.Attribute:
    if isinstance(attribute, str):
        return dynamodb.Attribute(name=attribute, type=dynamodb.AttributeType.STRING)
    return attribute


def _name(attribute: str | dynamodb.Attribute) -> str:
    return attribute if isinstance(attribute, str) else attribute.name
