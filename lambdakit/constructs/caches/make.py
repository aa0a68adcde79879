"""The cache, its user and its security groups; or an existing cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, Names
from aws_cdk import aws_ec2 as ec2

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.caches.made_cache import MadeCache
from lambdakit.constructs.caches.settings import PORT, Cache, ExistingCache, NewCache, ReplicationGroup, ServerlessCache
from lambdakit.constructs.client_group import ClientGroup, make_client_group, network_of, subnet_ids
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_elasticache as elasticache
    from constructs import Construct

CACHE_ID: Final = "Cache"
CLIENTS_ID: Final = "CacheClients"
# Construct ids below the pattern that a cache may take.
CACHE_IDS: Final = (
    *(CACHE_ID, CLIENTS_ID, "CacheGroup", "CacheSubnets", "CacheUser", "CacheDefaultUser", "CacheUserGroup"),
    "Network",
)

# Source: API elasticache CreateServerlessCache.ServerlessCacheName, CreateUser.UserId: lower case, at most 40
_NAME_LENGTH_MAX: Final = 40
# Everything that reads and writes; nothing that manages the cache or can make it stand still.
# Source: Valkey documentation, "ACL", command categories
_ACCESS: Final = "on ~* +@all -@admin -@dangerous"
_NOBODY: Final = "off -@all"
_PORT_IS_KNOWN: Final = "The group of the cache's clients alone is let in at the port, whichever it is."
_KNOWN_BY_IAM: Final = (
    "Clients are known by IAM, and their tokens are good for a quarter of an hour; a password is not."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a new cache goes, and who may use it. name: its own, and its user's. users, group, subnets: ids."""

    scope: Construct
    name: str
    user: elasticache.CfnUser
    users: str
    group: str
    subnets: Sequence[str]
    clients: ClientGroup


def make_cache(scope: Construct, cache: Cache) -> MadeCache:
    """The cache below `scope`, or the existing one with a group for its clients."""
    if isinstance(cache, ExistingCache):
        return _existing(scope, cache)
    # Only now: it takes time, which no stack without a cache should wait for.
    from aws_cdk import aws_elasticache as elasticache

    network = network_of(scope, cache.network)
    group = ec2.SecurityGroup(scope, "CacheGroup", vpc=network.vpc, description="The cache", allow_all_outbound=False)
    clients = make_client_group(scope, CLIENTS_ID, network, port=PORT, servers=[group], what="the cache")
    subnets = subnet_ids(network)
    name = Names.unique_resource_name(scope, max_length=_NAME_LENGTH_MAX, separator="-").lower()
    user = elasticache.CfnUser(
        scope,
        "CacheUser",
        engine=cache.engine,
        user_id=name,
        # Who is known by IAM has the same name as id.
        user_name=name,
        access_string=_ACCESS,
        authentication_mode={"Type": "iam"},
    )
    place = _Place(
        scope=scope,
        name=name,
        user=user,
        users=_user_group(scope, cache, name, user).ref,
        group=group.security_group_id,
        subnets=subnets,
        clients=clients,
    )
    return _serverless(place, cache) if isinstance(cache, ServerlessCache) else _replication_group(place, cache)


def _existing(scope: Construct, cache: ExistingCache) -> MadeCache:
    connect = [arn for arn in (cache.cache_arn, cache.user_arn) if arn is not None]
    secret_arn = None if cache.secret is None else cache.secret.secret_arn
    return MadeCache(
        clients=make_client_group(
            scope,
            CLIENTS_ID,
            network_of(scope, cache.network),
            port=cache.port,
            servers=cache.security_groups,
            what="the cache",
        ),
        variables=_variables(
            cache.endpoint, port=cache.port, name=cache.cache_name, username=cache.username, secret_arn=secret_arn
        ),
        connect_arns=connect,
        secret_arn=secret_arn,
    )


def _user_group(scope: Construct, cache: NewCache, name: str, user: elasticache.CfnUser) -> elasticache.CfnUserGroup:
    from aws_cdk import aws_elasticache as elasticache

    users = [user]
    if cache.engine == "redis":
        # Source: Amazon ElastiCache User Guide, "Role-Based Access Control (RBAC)": a group of Redis has a user called
        # default; this one may do nothing.
        nobody = f"{name[: _NAME_LENGTH_MAX - len('-nobody')].rstrip('-')}-nobody"
        users.append(
            elasticache.CfnUser(
                scope,
                "CacheDefaultUser",
                engine=cache.engine,
                user_id=nobody,
                user_name="default",
                access_string=_NOBODY,
                authentication_mode={"Type": "no-password-required"},
            )
        )
    return elasticache.CfnUserGroup(
        scope, "CacheUserGroup", engine=cache.engine, user_group_id=name, user_ids=[each.ref for each in users]
    )


def _serverless(place: _Place, settings: ServerlessCache) -> MadeCache:
    from aws_cdk import aws_elasticache as elasticache

    kinds = elasticache.CfnServerlessCache
    storage, speed = settings.max_storage_gb, settings.max_ecpu_per_second
    limits = kinds.CacheUsageLimitsProperty(
        data_storage=None if storage is None else kinds.DataStorageProperty(maximum=storage, unit="GB"),
        ecpu_per_second=None if speed is None else kinds.ECPUPerSecondProperty(maximum=speed),
    )
    cache = elasticache.CfnServerlessCache(
        place.scope,
        CACHE_ID,
        engine=settings.engine,
        major_engine_version=settings.engine_version,
        serverless_cache_name=place.name,
        subnet_ids=list(place.subnets),
        security_group_ids=[place.group],
        user_group_id=place.users,
        cache_usage_limits=None if storage is None and speed is None else limits,
        snapshot_retention_limit=settings.snapshot_retention_days,
    )
    cache.apply_removal_policy(settings.removal_policy)
    return MadeCache(
        clients=place.clients,
        variables=_variables(
            cache.attr_endpoint_address, port=PORT, name=cache.ref, username=place.name, secret_arn=None
        ),
        connect_arns=[cache.attr_arn, place.user.attr_arn],
        cache=cache,
        user=place.user,
    )


def _replication_group(place: _Place, settings: ReplicationGroup) -> MadeCache:
    from aws_cdk import aws_elasticache as elasticache

    subnet_group = elasticache.CfnSubnetGroup(
        place.scope,
        "CacheSubnets",
        description=f"Subnets of {place.scope.node.path}"[:250],
        subnet_ids=list(place.subnets),
    )
    replicated = settings.replicas > 0
    made = elasticache.CfnReplicationGroup(
        place.scope,
        CACHE_ID,
        replication_group_description=f"Cache of {place.scope.node.path}"[:250],
        replication_group_id=place.name,
        engine=settings.engine,
        engine_version=settings.engine_version,
        cache_node_type=settings.node_type,
        num_node_groups=1,
        replicas_per_node_group=settings.replicas,
        automatic_failover_enabled=replicated,
        multi_az_enabled=replicated,
        cache_subnet_group_name=subnet_group.ref,
        security_group_ids=[place.group],
        port=PORT,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        user_group_ids=[place.users],
        snapshot_retention_limit=settings.snapshot_retention_days,
        auto_minor_version_upgrade=True,
    )
    made.apply_removal_policy(settings.removal_policy)
    acknowledge(made, {"AwsSolutions-AEC5": _PORT_IS_KNOWN, "AwsSolutions-AEC6": _KNOWN_BY_IAM})
    arn = f"arn:{Aws.PARTITION}:elasticache:{Aws.REGION}:{Aws.ACCOUNT_ID}:replicationgroup:{made.ref}"
    return MadeCache(
        clients=place.clients,
        variables=_variables(
            made.attr_primary_end_point_address, port=PORT, name=made.ref, username=place.name, secret_arn=None
        ),
        connect_arns=[arn, place.user.attr_arn],
        replication_group=made,
        user=place.user,
    )


def _variables(
    endpoint: str, *, port: int, name: str | None, username: str | None, secret_arn: str | None
) -> Mapping[str, str]:
    return {
        "CACHE_ENDPOINT": endpoint,
        "CACHE_PORT": str(port),
        **({} if name is None else {"CACHE_NAME": name}),
        **({} if username is None else {"CACHE_USER": username}),
        **({} if secret_arn is None else {"CACHE_SECRET_ARN": secret_arn}),
    }
