"""A database as it was made, and what a function needs to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam

from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_rds as rds

    from lambdakit.constructs.client_group import ClientGroup

# Source: AWS Secrets Manager User Guide, "AWS managed policies", reading one secret
READ_SECRET: Final = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
CONNECT: Final = "rds-db:connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDatabase:
    """What functions connect to, made here or existing.

    clients: who may connect. variables: of a function with access. proxy_name: of the proxy.
    connect_arn: the user of the proxy, for `iam`; secret_arn: of the user, for `secret`; the other is None.
    proxy, cluster, instance: made here, else None.
    """

    clients: ClientGroup
    variables: Mapping[str, str]
    proxy_name: str
    connect_arn: str | None = None
    secret_arn: str | None = None
    proxy: rds.CfnDBProxy | None = None
    cluster: rds.CfnDBCluster | None = None
    instance: rds.CfnDBInstance | None = None


def grant_database(database: MadeDatabase, grantee: iam.IGrantable) -> None:
    """Allows to connect as the database's user, or to read that user's password, and nothing else."""
    principal = grantee.grant_principal
    if database.connect_arn is not None:
        statement = iam.PolicyStatement(actions=[CONNECT], resources=[database.connect_arn])
        principal.add_to_principal_policy(statement)
    if database.secret_arn is not None:
        statement = iam.PolicyStatement(actions=list(READ_SECRET), resources=[database.secret_arn])
        principal.add_to_principal_policy(statement)
