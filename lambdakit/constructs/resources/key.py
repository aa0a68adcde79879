"""A key that functions encrypt and decrypt with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms

from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack


def shared_key(
    stack: Stack,
    name: str,
    *,
    alias: str | None = None,
    description: str | None = None,
    enable_key_rotation: bool = True,
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
) -> kms.Key:
    """The symmetric key, renewed every year, and the output `<Name>KeyArn`. alias: without `alias/`; absent, none."""
    key = kms.Key(
        stack,
        shared_id(name),
        alias=alias,
        description=description,
        enable_key_rotation=enable_key_rotation,
        removal_policy=removal_policy,
    )
    shared_output(stack, name, "KeyArn", key.key_arn)
    return key
