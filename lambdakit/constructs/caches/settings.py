"""A cache: a new one by its settings, or an existing one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import RemovalPolicy

from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_secretsmanager as secretsmanager

    from lambdakit.constructs.network import Network

Engine: TypeAlias = Literal["valkey", "redis"]

# Source: Amazon ElastiCache User Guide, "Working with serverless caches"; the default of nodes, too
PORT: Final = 6379


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCache:
    """What every new cache has: encrypted, in private subnets, by TLS alone, for one user who is known by IAM.

    network: in whose subnets it stands; functions with access run there, too.
    engine: absent, Valkey, which costs less. engine_version: a serverless cache's is a whole number, `8`; absent,
        ElastiCache's default when the cache is made.
    snapshot_retention_days: how long daily snapshots are kept, 0 to 35; absent, 1; 0, there are none.
    removal_policy: what happens to the cache when it leaves the stack; absent, it goes, as it can be filled again.
    """

    network: Network | ec2.IVpc
    engine: Engine = "valkey"
    engine_version: str | None = None
    snapshot_retention_days: int = 1
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessCache(NewCache):
    """A cache that grows and shrinks with its use; see `NewCache`.

    max_storage_gb: 1 to 5000, and max_ecpu_per_second: ElastiCache processing units, 1000 to 15000000, at which it
        stops growing, and paying; absent, none.
    """

    max_storage_gb: int | None = None
    max_ecpu_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationGroup(NewCache):
    """A node with replicas in other zones, of a fixed size; see `NewCache`.

    node_type: absent, cache.t4g.micro. replicas: one of which takes over when the node fails, 0 to 5; absent, 1.
    """

    node_type: str = "cache.t4g.micro"
    replicas: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingCache:
    """A cache that is there already.

    endpoint: its host. port: absent, 6379. network: in whose VPC it stands.
    security_groups: the cache's, which let the functions in.
    cache_name: by which a function makes its token; absent, functions prove who they are otherwise, or not at all.
    username: that functions connect as, of the same id; absent, none.
    cache_arn: by which, with `user_arn`, IAM lets the functions connect; absent, functions need no permission.
    secret: that functions read to connect; absent, none.
    """

    endpoint: str
    network: Network | ec2.IVpc
    security_groups: Sequence[ec2.ISecurityGroup]
    port: int = PORT
    cache_name: str | None = None
    username: str | None = None
    cache_arn: str | None = None
    user_arn: str | None = None
    secret: secretsmanager.ISecret | None = None


Cache: TypeAlias = ServerlessCache | ReplicationGroup | ExistingCache
