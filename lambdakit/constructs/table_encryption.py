"""A table under a key of the account's own, in a stack of which only the deployment knows the region.

There the CDK's `TableV2` refuses to say which key the table's one replica has. What it would say of that replica in a
stack with a region is said here instead; its tags are those of the table, which are known when all is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, TagManager, Token
from aws_cdk import aws_dynamodb as dynamodb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_kms as kms


def encrypt_in_any_region(table: dynamodb.TableV2, key: kms.IKey, replica: Mapping[str, Any]) -> None:
    """Says the key of the table's replica. replica: all else of it, as the template's class has it."""
    region = Stack.of(table).region
    if not Token.is_unresolved(region):
        return
    template = table.node.default_child
    assert isinstance(template, dynamodb.CfnGlobalTable)
    tags = TagManager.of(table)
    said: dict[str, Any] = {**replica, "region": region, "sseSpecification": {"kmsMasterKeyId": key.key_arn}}
    # Not the class of a replica, which takes tags that are known already.
    template.replicas = Token.as_any([said if tags is None else {**said, "tags": tags.rendered_tags}])
