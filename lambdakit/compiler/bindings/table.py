"""A document's table as the construct's properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_dynamodb as dynamodb

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.constructs.table import GlobalSecondaryIndex, TableProperties
from lambdakit.spec.table import ExistingTable, KeyAttribute, Table
from lambdakit.spec.table import GlobalSecondaryIndex as IndexSettings

if TYPE_CHECKING:
    from constructs import Construct

_ATTRIBUTE_TYPES: Final[Mapping[str, dynamodb.AttributeType]] = {
    "string": dynamodb.AttributeType.STRING,
    "number": dynamodb.AttributeType.NUMBER,
    "binary": dynamodb.AttributeType.BINARY,
}
STREAM_VIEWS: Final[Mapping[str, dynamodb.StreamViewType]] = {
    "keys_only": dynamodb.StreamViewType.KEYS_ONLY,
    "new_image": dynamodb.StreamViewType.NEW_IMAGE,
    "old_image": dynamodb.StreamViewType.OLD_IMAGE,
    "new_and_old_images": dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
}


def table_properties(settings: Table, resources: Mapping[str, Any]) -> TableProperties:
    """The properties of the table that `settings` describe. resources: by name, its key among them."""
    key = settings.encryption_key
    return TableProperties(
        partition_key=_attribute(settings.partition_key),
        sort_key=None if settings.sort_key is None else _attribute(settings.sort_key),
        time_to_live_attribute=settings.time_to_live_attribute,
        point_in_time_recovery=settings.point_in_time_recovery,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        encryption=None if key is None else dynamodb.TableEncryptionV2.customer_managed_key(resources[key]),
        deletion_protection=settings.deletion_protection,
        global_secondary_indexes=[_index(each) for each in settings.global_secondary_indexes],
    )


def existing_table(scope: Construct, id: str, settings: ExistingTable, resources: Mapping[str, Any]) -> dynamodb.ITable:
    """The table that `settings` name. resources: by name, its key among them."""
    return dynamodb.Table.from_table_attributes(
        scope,
        id,
        table_name=settings.table_name,
        grant_index_permissions=settings.grant_index_permissions or None,
        encryption_key=None if settings.encryption_key is None else resources[settings.encryption_key],
    )


def _index(settings: IndexSettings) -> GlobalSecondaryIndex:
    return GlobalSecondaryIndex(
        index_name=settings.index_name,
        partition_key=_attribute(settings.partition_key),
        sort_key=None if settings.sort_key is None else _attribute(settings.sort_key),
        projection_type=settings.projection_type,
        non_key_attributes=settings.non_key_attributes,
    )


def _attribute(key: KeyAttribute) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=key.name, type=_ATTRIBUTE_TYPES[key.type])
