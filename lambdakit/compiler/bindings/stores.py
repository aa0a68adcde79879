"""The document's `database` and `cache` of an API backend as the constructs' settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2

from lambdakit.compiler.bindings.resources import shared
from lambdakit.constructs.caches.settings import Cache, ExistingCache, ReplicationGroup, ServerlessCache
from lambdakit.constructs.databases.settings import AuroraServerless, Database, DatabaseInstance, ExistingDatabase
from lambdakit.spec import stores as spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.constructs.network import Network

_REMOVALS: Final[Mapping[str, RemovalPolicy]] = {
    "retain": RemovalPolicy.RETAIN,
    "snapshot": RemovalPolicy.SNAPSHOT,
    "destroy": RemovalPolicy.DESTROY,
}
_AnyDatabase = spec.AuroraServerless | spec.DatabaseInstance | spec.ExistingDatabase
_AnyCache = spec.ServerlessCache | spec.ReplicationGroup | spec.ExistingCache


def database(scope: BindingScope, key: str, settings: _AnyDatabase) -> Database:
    """What `database` of the pattern called `key` says. A proxy that is elsewhere is imported into the stack."""
    match settings:
        case spec.AuroraServerless():
            return AuroraServerless(
                **_new_database(scope, settings),
                min_capacity=settings.min_capacity,
                max_capacity=settings.max_capacity,
                readers=settings.readers,
            )
        case spec.DatabaseInstance():
            return DatabaseInstance(
                **_new_database(scope, settings),
                instance_class=settings.instance_class,
                allocated_storage=settings.allocated_storage,
                multi_az=settings.multi_az,
            )
        case spec.ExistingDatabase():
            return _existing_database(scope, f"{key}:database", settings)


def cache(scope: BindingScope, key: str, settings: _AnyCache) -> Cache:
    """What `cache` of the pattern called `key` says."""
    match settings:
        case spec.ServerlessCache():
            return ServerlessCache(
                network=_network(scope),
                engine=settings.engine,
                engine_version=settings.engine_version,
                snapshot_retention_days=settings.snapshot_retention,
                removal_policy=_REMOVALS[settings.removal_policy],
                max_storage_gb=settings.max_storage_gb,
                max_ecpu_per_second=settings.max_ecpu_per_second,
            )
        case spec.ReplicationGroup():
            return ReplicationGroup(
                network=_network(scope),
                engine=settings.engine,
                engine_version=settings.engine_version,
                snapshot_retention_days=settings.snapshot_retention,
                removal_policy=_REMOVALS[settings.removal_policy],
                node_type=settings.node_type,
                replicas=settings.replicas,
            )
        case spec.ExistingCache():
            return ExistingCache(
                endpoint=settings.endpoint,
                network=_network(scope),
                security_groups=_groups(scope, f"{key}:cache", settings.security_group_ids),
                port=settings.port,
                cache_name=settings.cache_name,
                username=settings.username,
                cache_arn=settings.cache_arn,
                user_arn=settings.user_arn,
                secret=shared(scope, settings.secret),
            )


def _new_database(scope: BindingScope, settings: spec.AuroraServerless | spec.DatabaseInstance) -> dict[str, Any]:
    """Keyword arguments of both kinds of new databases."""
    return {
        "network": _network(scope),
        "engine": settings.engine,
        "engine_version": settings.engine_version,
        "database_name": settings.database_name,
        "username": settings.username,
        "authentication": settings.authentication,
        "backup_retention_days": settings.backup_retention,
        "removal_policy": _REMOVALS[settings.removal_policy],
    }


def _existing_database(scope: BindingScope, id: str, settings: spec.ExistingDatabase) -> ExistingDatabase:
    # Only now: it takes time, which no document without a database should wait for.
    from aws_cdk import aws_rds as rds

    groups = _groups(scope, id, settings.security_group_ids)
    return ExistingDatabase(
        proxy=rds.DatabaseProxy.from_database_proxy_attributes(
            scope.stack,
            id,
            db_proxy_arn=settings.proxy_arn,
            db_proxy_name=settings.proxy_name,
            endpoint=settings.endpoint,
            security_groups=list(groups),
        ),
        network=_network(scope),
        security_groups=groups,
        username=settings.username,
        engine=settings.engine,
        database_name=settings.database_name,
        authentication=settings.authentication,
        secret=shared(scope, settings.secret),
    )


def _groups(scope: BindingScope, id: str, ids: Sequence[str]) -> Sequence[ec2.ISecurityGroup]:
    return [
        ec2.SecurityGroup.from_security_group_id(scope.stack, f"{id}:group:{number}", each)
        for number, each in enumerate(ids)
    ]


def _network(scope: BindingScope) -> Network:
    # Rules about the document see to it that there is one.
    assert scope.network is not None
    return scope.network
