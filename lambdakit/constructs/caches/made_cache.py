"""A cache as it was made, and what a function needs to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam

from lambdakit.constructs.databases.made_database import READ_SECRET
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_elasticache as elasticache

    from lambdakit.constructs.client_group import ClientGroup

CONNECT: Final = "elasticache:Connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCache:
    """What functions connect to, made here or existing.

    clients: who may connect. variables: of a function with access.
    connect_arns: of the cache and of its user; none where IAM has no say. secret_arn: that functions read, or None.
    cache, replication_group, user: made here, else None.
    """

    clients: ClientGroup
    variables: Mapping[str, str]
    connect_arns: Sequence[str] = ()
    secret_arn: str | None = None
    cache: elasticache.CfnServerlessCache | None = None
    replication_group: elasticache.CfnReplicationGroup | None = None
    user: elasticache.CfnUser | None = None


def grant_cache(cache: MadeCache, grantee: iam.IGrantable) -> None:
    """Allows to connect as the cache's user, or to read what that takes, and nothing else.

    Source: Amazon ElastiCache User Guide, "Authenticating with IAM": the cache and the user are both resources.
    """
    principal = grantee.grant_principal
    if cache.connect_arns:
        statement = iam.PolicyStatement(actions=[CONNECT], resources=list(cache.connect_arns))
        principal.add_to_principal_policy(statement)
    if cache.secret_arn is not None:
        statement = iam.PolicyStatement(actions=list(READ_SECRET), resources=[cache.secret_arn])
        principal.add_to_principal_policy(statement)
