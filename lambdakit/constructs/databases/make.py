"""The database, its proxy and their security groups; or an existing proxy.

Functions -> the clients' group -> the proxy's group -> the database's group: each lets in the one before it, at one
port, and nothing else.
Source: Amazon RDS User Guide, "Using Amazon RDS Proxy"; Amazon Aurora User Guide, "Password management with Amazon
Aurora and AWS Secrets Manager".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, Fn, Names, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.client_group import make_client_group, network_of, subnet_ids
from lambdakit.constructs.databases.made_database import MadeDatabase
from lambdakit.constructs.databases.settings import (
    PORTS,
    AuroraServerless,
    Database,
    DatabaseInstance,
    Engine,
    ExistingDatabase,
    NewDatabase,
)
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_rds as rds
    from constructs import Construct

    from lambdakit.constructs.network import Network

DATABASE_ID: Final = "Database"
SUBNETS_ID: Final = "DatabaseSubnets"
PROXY_ID: Final = "DatabaseProxy"
PROXY_ROLE_ID: Final = "DatabaseProxyRole"
CLIENTS_ID: Final = "DatabaseClients"
# Construct ids below the pattern that a database may take.
DATABASE_IDS: Final = (
    *(DATABASE_ID, SUBNETS_ID, PROXY_ID, PROXY_ROLE_ID, CLIENTS_ID),
    *("DatabaseGroup", "DatabaseProxyGroup", "DatabaseProxyTargets", "DatabaseWriter", "Network"),
    *(f"DatabaseReader{number}" for number in range(1, 16)),
)

# Source: API rds CreateDBProxy.DBProxyName: letters, digits and hyphens, at most 63
_PROXY_NAME_LENGTH_MAX: Final = 63
_SERVERLESS: Final = "db.serverless"
# Source: Amazon Aurora User Guide, "Publishing … logs to Amazon CloudWatch Logs"
_LOGS: Final[Mapping[Engine, tuple[str, ...]]] = {
    "postgresql": ("postgresql",),
    "mysql": ("audit", "error", "general", "slowquery"),
}
_FAMILIES: Final[Mapping[Engine, str]] = {"postgresql": "POSTGRESQL", "mysql": "MYSQL"}
_PORT_IS_KNOWN: Final = {
    "AwsSolutions-RDS11": "The proxy's security group alone is let in at the port, whichever it is.",
}
_BACKTRACK: Final = {"AwsSolutions-RDS14": "Backups of every second within the retention period are there without it."}
_OF_CLUSTER: Final = {"AwsSolutions-RDS10": "The cluster, which holds the data, is protected from deletion itself."}
_ENGINES: Final[Mapping[Engine, str]] = {"postgresql": "postgres", "mysql": "mysql"}
_LOGS_OF_INSTANCES: Final[Mapping[Engine, tuple[str, ...]]] = {
    "postgresql": ("postgresql", "upgrade"),
    "mysql": ("error", "general", "slowquery"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A new database. secret_arn: of its owner's password. waits_for: what a proxy needs to be there."""

    secret_arn: str
    waits_for: rds.CfnDBInstance
    cluster: rds.CfnDBCluster | None = None
    instance: rds.CfnDBInstance | None = None


def make_database(scope: Construct, database: Database) -> MadeDatabase:
    """The database behind its proxy, below `scope`, or the existing proxy with a group for its clients."""
    if isinstance(database, ExistingDatabase):
        return _existing(scope, database)
    # Only now: it takes time, which no stack without a database should wait for.
    from aws_cdk import aws_rds as rds

    network = network_of(scope, database.network)
    port = PORTS[database.engine]
    group = _group(scope, "DatabaseGroup", network, "The database")
    proxy_group = _group(scope, "DatabaseProxyGroup", network, "The proxy of the database")
    group.connections.allow_from(proxy_group, ec2.Port.tcp(port))
    clients = make_client_group(scope, CLIENTS_ID, network, port=port, servers=[proxy_group], what="the database")
    subnets = subnet_ids(network)
    subnet_group = rds.CfnDBSubnetGroup(
        scope, SUBNETS_ID, db_subnet_group_description=f"Subnets of {scope.node.path}"[:250], subnet_ids=subnets
    )
    if _is_kept(database):
        # What a database that stays uses cannot be deleted, and the stack's deletion would fail.
        for used in (subnet_group, group):
            used.apply_removal_policy(RemovalPolicy.RETAIN)
    if isinstance(database, AuroraServerless):
        made = _cluster(scope, database, subnet_group, group)
    else:
        made = _instance(scope, database, subnet_group, group)
    proxy = _proxy(scope, database, made, proxy_group, subnets)
    by_secret = database.authentication == "secret"
    return MadeDatabase(
        clients=clients,
        variables=_variables(
            endpoint=proxy.attr_endpoint,
            port=port,
            username=database.username,
            database_name=database.database_name,
            secret_arn=made.secret_arn if by_secret else None,
        ),
        proxy_name=proxy.ref,
        connect_arn=None if by_secret else _user_arn(proxy.attr_db_proxy_arn, database.username),
        secret_arn=made.secret_arn if by_secret else None,
        proxy=proxy,
        cluster=made.cluster,
        instance=made.instance,
    )


def _existing(scope: Construct, database: ExistingDatabase) -> MadeDatabase:
    port = PORTS[database.engine]
    secret_arn = None if database.secret is None else database.secret.secret_arn
    return MadeDatabase(
        clients=make_client_group(
            scope,
            CLIENTS_ID,
            network_of(scope, database.network),
            port=port,
            servers=database.security_groups,
            what="the database",
        ),
        variables=_variables(
            endpoint=database.proxy.endpoint,
            port=port,
            username=database.username,
            database_name=database.database_name,
            secret_arn=secret_arn,
        ),
        proxy_name=database.proxy.db_proxy_name,
        connect_arn=_user_arn(database.proxy.db_proxy_arn, database.username) if secret_arn is None else None,
        secret_arn=secret_arn,
    )


def _variables(
    *, endpoint: str, port: int, username: str, database_name: str | None, secret_arn: str | None
) -> Mapping[str, str]:
    return {
        "DATABASE_PROXY_ENDPOINT": endpoint,
        "DATABASE_PORT": str(port),
        "DATABASE_USER": username,
        **({} if database_name is None else {"DATABASE_NAME": database_name}),
        **({} if secret_arn is None else {"DATABASE_SECRET_ARN": secret_arn}),
    }


def _user_arn(proxy_arn: str, username: str) -> str:
    """The proxy's user in a policy, by the proxy's id, with which its ARN ends.

    Source: Amazon RDS User Guide, "Connecting to a database through RDS Proxy", IAM authentication.
    """
    proxy_id = Fn.select(6, Fn.split(":", proxy_arn))
    return f"arn:{Aws.PARTITION}:rds-db:{Aws.REGION}:{Aws.ACCOUNT_ID}:dbuser:{proxy_id}/{username}"


def _group(scope: Construct, id: str, network: Network, what: str) -> ec2.SecurityGroup:
    return ec2.SecurityGroup(scope, id, vpc=network.vpc, description=what, allow_all_outbound=False)


def _cluster(
    scope: Construct, database: AuroraServerless, subnet_group: rds.CfnDBSubnetGroup, group: ec2.SecurityGroup
) -> _Made:
    from aws_cdk import aws_rds as rds

    engine = f"aurora-{database.engine}"
    cluster = rds.CfnDBCluster(
        scope,
        DATABASE_ID,
        engine=engine,
        engine_version=database.engine_version,
        database_name=database.database_name,
        master_username=database.username,
        manage_master_user_password=True,
        port=PORTS[database.engine],
        db_subnet_group_name=subnet_group.ref,
        vpc_security_group_ids=[group.security_group_id],
        serverless_v2_scaling_configuration=rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
            min_capacity=database.min_capacity, max_capacity=database.max_capacity
        ),
        storage_encrypted=True,
        enable_iam_database_authentication=True,
        enable_cloudwatch_logs_exports=list(_LOGS[database.engine]),
        backup_retention_period=database.backup_retention_days,
        copy_tags_to_snapshot=True,
        deletion_protection=_is_kept(database),
    )
    cluster.apply_removal_policy(database.removal_policy)
    acknowledge(cluster, {**_PORT_IS_KNOWN, **(_BACKTRACK if database.engine == "mysql" else {})})
    instances = [
        rds.CfnDBInstance(
            scope,
            id,
            engine=engine,
            db_cluster_identifier=cluster.ref,
            db_instance_class=_SERVERLESS,
            publicly_accessible=False,
            # Below 2 the first to take over: it keeps the writer's capacity.
            promotion_tier=1,
        )
        for id in ("DatabaseWriter", *(f"DatabaseReader{number}" for number in range(1, database.readers + 1)))
    ]
    for instance in instances:
        acknowledge(instance, _OF_CLUSTER)
    for reader in instances[1:]:
        # The first instance that there is becomes the writer.
        reader.add_resource_dependency(instances[0])
    return _Made(
        secret_arn=cluster.attr_master_user_secret_secret_arn,
        waits_for=instances[0],
        cluster=cluster,
    )


def _instance(
    scope: Construct, database: DatabaseInstance, subnet_group: rds.CfnDBSubnetGroup, group: ec2.SecurityGroup
) -> _Made:
    from aws_cdk import aws_rds as rds

    instance = rds.CfnDBInstance(
        scope,
        DATABASE_ID,
        engine=_ENGINES[database.engine],
        engine_version=database.engine_version,
        db_instance_class=database.instance_class,
        allocated_storage=str(database.allocated_storage),
        storage_type="gp3",
        db_name=database.database_name,
        master_username=database.username,
        manage_master_user_password=True,
        port=str(PORTS[database.engine]),
        db_subnet_group_name=subnet_group.ref,
        vpc_security_groups=[group.security_group_id],
        multi_az=database.multi_az,
        storage_encrypted=True,
        enable_iam_database_authentication=True,
        enable_cloudwatch_logs_exports=list(_LOGS_OF_INSTANCES[database.engine]),
        backup_retention_period=database.backup_retention_days,
        copy_tags_to_snapshot=True,
        publicly_accessible=False,
        deletion_protection=_is_kept(database),
    )
    instance.apply_removal_policy(database.removal_policy)
    acknowledge(instance, _PORT_IS_KNOWN)
    return _Made(
        secret_arn=instance.attr_master_user_secret_secret_arn,
        waits_for=instance,
        instance=instance,
    )


def _proxy(
    scope: Construct, database: NewDatabase, made: _Made, group: ec2.SecurityGroup, subnets: list[str]
) -> rds.CfnDBProxy:
    from aws_cdk import aws_rds as rds

    role = iam.Role(
        scope,
        PROXY_ROLE_ID,
        assumed_by=iam.ServicePrincipal("rds.amazonaws.com"),
        # Source: Amazon RDS User Guide, "Setting up AWS Identity and Access Management (IAM) policies for RDS Proxy";
        # the key is AWS's own for Secrets Manager, which needs no permission.
        inline_policies={
            "ReadSecret": iam.PolicyDocument(
                statements=[iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[made.secret_arn])]
            )
        },
    )
    proxy = rds.CfnDBProxy(
        scope,
        PROXY_ID,
        db_proxy_name=Names.unique_resource_name(scope, max_length=_PROXY_NAME_LENGTH_MAX, separator="-").lower(),
        engine_family=_FAMILIES[database.engine],
        role_arn=role.role_arn,
        auth=[
            rds.CfnDBProxy.AuthFormatProperty(
                auth_scheme="SECRETS",
                secret_arn=made.secret_arn,
                iam_auth="REQUIRED" if database.authentication == "iam" else "DISABLED",
            )
        ],
        require_tls=True,
        vpc_subnet_ids=subnets,
        vpc_security_group_ids=[group.security_group_id],
    )
    targets = rds.CfnDBProxyTargetGroup(
        scope,
        "DatabaseProxyTargets",
        db_proxy_name=proxy.ref,
        target_group_name="default",
        db_cluster_identifiers=None if made.cluster is None else [made.cluster.ref],
        db_instance_identifiers=None if made.instance is None else [made.instance.ref],
    )
    # A cluster without an instance is no target.
    targets.add_resource_dependency(made.waits_for)
    return proxy


def _is_kept(database: NewDatabase) -> bool:
    return database.removal_policy == RemovalPolicy.RETAIN
