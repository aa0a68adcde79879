"""Databases and caches of an API backend, in the application's network."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from lambdakit.spec.function_places import SecurityGroups
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.model import Model
from lambdakit.spec.refusal import Checked, patterned_text, refusal, whole_number, within, wrong_type
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.wording import quoted

# Source: Amazon Aurora User Guide, "Performance and scaling for Aurora Serverless v2", range of capacity
_CAPACITY_MIN: Final = 0.5
_CAPACITY_MAX: Final = 256


def _read_capacity(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(value, "a number of capacity units")
    if not _CAPACITY_MIN <= value <= _CAPACITY_MAX:
        problem = f"{value:g} is outside {_CAPACITY_MIN:g} to {_CAPACITY_MAX:g}, the capacity units of a cluster"
        raise refusal("LK114", problem, f"write a number from {_CAPACITY_MIN:g} to {_CAPACITY_MAX:g}")
    if value * 2 != int(value * 2):
        raise refusal("LK114", f"{value:g} is no number of halves", f"write {int(value * 2) / 2:g}")
    return float(value)


_CAPACITY: Final = Checked(
    _read_capacity, {"type": "number", "minimum": _CAPACITY_MIN, "maximum": _CAPACITY_MAX, "multipleOf": 0.5}
)
_DAYS: Final = re.compile("[0-9]{1,4}d")
_RESERVED_USERS: Final = ("admin", "rdsadmin", "postgres", "root", "mysql", "system", "user")


def _read_days(low: int, high: int, what: str) -> Checked:
    """A number of days, written as 7d; bounds included. what: says whose bounds these are."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            raise refusal(
                "LK112", f"must be a number of days such as 7d, not {value} without a unit", f"write {value}d"
            )
        if not isinstance(value, str):
            raise wrong_type(value, "a number of days such as 7d")
        if _DAYS.fullmatch(value) is None:
            raise refusal("LK115", f"{quoted(value)} is not a number of days such as 7d", f"write {high}d")
        days = int(value[:-1])
        within(days, minimum=low, maximum=high, what=what, unit="d")
        return days

    return Checked(read, {"type": "string", "pattern": "^[0-9]{1,4}d$"})


def _refuse_reserved(text: str) -> None:
    if text.lower() in _RESERVED_USERS:
        raise refusal("LK115", f"{text} is a user that the engine keeps for itself", "write app")


Capacity = Annotated[float, _CAPACITY]
# Source: API rds CreateDBCluster.MasterUsername
OwnerName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z][A-Za-z0-9]{0,15}$",
        allowed="a name of a user: a letter, then at most 15 letters and digits",
        longest=16,
        refused=_refuse_reserved,
    ),
]
UserName = Annotated[str, patterned_text("^[A-Za-z_][A-Za-z0-9_.$@-]*$", allowed="a name of a user", longest=63)]
# Source: API rds CreateDBInstance.DBName
DatabaseName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z][A-Za-z0-9_]*$", allowed="a name of a database: a letter, then letters, digits and _", longest=63
    ),
]
EngineVersion = Annotated[
    str, patterned_text("^[0-9]+(\\.[0-9A-Za-z_]+)*$", allowed='a version in quotes such as "16.4"', longest=64)
]
InstanceClass = Annotated[
    str,
    patterned_text("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", allowed="a class of an instance such as db.t4g.micro", longest=64),
]
NodeType = Annotated[
    str,
    patterned_text("^cache\\.[a-z0-9-]+\\.[a-z0-9]+$", allowed="a type of a node such as cache.t4g.micro", longest=64),
]
ProxyArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:db-proxy:prx-[a-z0-9]+$",
        allowed="an ARN of a proxy such as arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-0123456789abcdef0",
        longest=256,
    ),
]
ProxyName = Annotated[
    str, patterned_text("^[A-Za-z][A-Za-z0-9-]*$", allowed="a name of a proxy: letters, digits and -", longest=63)
]
HostName = Annotated[
    str, patterned_text("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", allowed="a name of a host", longest=253)
]
CacheArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:elasticache:[a-z0-9-]+:[0-9]{12}:(serverlesscache|replicationgroup|user):[a-z0-9-]+$",
        allowed="an ARN of ElastiCache such as arn:aws:elasticache:eu-west-1:123456789012:serverlesscache:shop",
        longest=256,
    ),
]

_ENGINE: Final = "engine of the database"
_AUTHENTICATION: Final = "iam: functions make a token; secret: they read the password"


class _NewDatabase(Model):
    engine: Literal["postgresql", "mysql"] = Field(default="postgresql", description=_ENGINE)
    engine_version: EngineVersion | None = Field(
        default=None, description="version of the engine; RDS's default when absent", examples=["16.4"]
    )
    database_name: DatabaseName = Field(default="app", description="name of the database in it")
    username: OwnerName = Field(default="app", description="its owner, as whom functions connect")
    authentication: Literal["iam", "secret"] = Field(default="iam", description=_AUTHENTICATION)
    backup_retention: Annotated[int, _read_days(1, 35, "retention of backups")] = Field(
        default=7, description="how long backups are kept", examples=["7d"], json_schema_extra={"default": "7d"}
    )
    removal_policy: Literal["retain", "snapshot", "destroy"] = Field(
        default="retain", description="what becomes of the database when it leaves the stack"
    )


class AuroraServerless(_NewDatabase):
    """A cluster of Aurora Serverless v2 behind a proxy."""

    kind: Literal["aurora_serverless"] = Field(description="a cluster of Aurora Serverless v2 behind a proxy")
    min_capacity: Capacity = Field(default=0.5, description="capacity units of 2 GiB, at least")
    max_capacity: Capacity = Field(default=4, description="capacity units, at most; 1 or more")
    readers: Annotated[int, whole_number(minimum=0, maximum=15, what="readers of a cluster")] = Field(
        default=0, description="instances in other zones, one of which takes over"
    )


class DatabaseInstance(_NewDatabase):
    """An instance of RDS behind a proxy."""

    kind: Literal["instance"] = Field(description="an instance of RDS behind a proxy")
    instance_class: InstanceClass = Field(default="db.t4g.micro", description="its size")
    # Source: API rds CreateDBInstance.AllocatedStorage, gp3
    allocated_storage: Annotated[
        int, whole_number(minimum=20, maximum=65_536, what="storage of an instance", unit=" GiB")
    ] = Field(default=20, description="GiB")
    multi_az: bool = Field(default=True, description="whether another zone has a copy that takes over")


class ExistingDatabase(Model):
    """A proxy that is there already. database_name: None when functions know it. secret: None with IAM."""

    kind: Literal["existing"] = Field(description="a proxy that is there already, in the network")
    proxy_arn: ProxyArn = Field(description="ARN of the proxy")
    proxy_name: ProxyName = Field(description="name of the proxy")
    endpoint: HostName = Field(description="host of the proxy")
    security_group_ids: SecurityGroups = Field(description="groups of the proxy, which let functions in")
    username: UserName = Field(description="as whom functions connect")
    engine: Literal["postgresql", "mysql"] = Field(default="postgresql", description=_ENGINE)
    database_name: DatabaseName | None = Field(default=None, description="told to functions when written")
    authentication: Literal["iam", "secret"] = Field(default="iam", description=_AUTHENTICATION)
    secret: ResourceName | None = Field(default=None, description="of `resources`: the user's password")


class _NewCache(Model):
    engine: Literal["valkey", "redis"] = Field(default="valkey", description="engine of the cache")
    engine_version: EngineVersion | None = Field(
        default=None, description="version of the engine; ElastiCache's default when absent", examples=["8"]
    )
    snapshot_retention: Annotated[int, _read_days(0, 35, "retention of snapshots")] = Field(
        default=1, description="how long daily snapshots are kept", examples=["1d"], json_schema_extra={"default": "1d"}
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="destroy", description="what becomes of the cache when it leaves the stack"
    )


class ServerlessCache(_NewCache):
    """A serverless cache. max_storage_gb, max_ecpu_per_second: None for no limit."""

    kind: Literal["serverless"] = Field(description="a cache that grows with its use")
    # Source: Amazon ElastiCache User Guide, "Scaling ElastiCache", limits of serverless caches
    max_storage_gb: Annotated[int, whole_number(minimum=1, maximum=5_000, what="GB of a cache")] | None = Field(
        default=None, description="GB at which it stops growing", examples=[10]
    )
    max_ecpu_per_second: (
        Annotated[int, whole_number(minimum=1_000, maximum=15_000_000, what="processing units of a cache")] | None
    ) = Field(default=None, description="processing units a second at which it stops growing", examples=[5_000])


class ReplicationGroup(_NewCache):
    """A node with replicas."""

    kind: Literal["replication_group"] = Field(description="a node with replicas in other zones")
    node_type: NodeType = Field(default="cache.t4g.micro", description="size of each node")
    replicas: Annotated[int, whole_number(minimum=0, maximum=5, what="replicas of a node")] = Field(
        default=1, description="nodes that take over"
    )


class ExistingCache(Model):
    """A cache that is there already. What is None, functions are not told."""

    kind: Literal["existing"] = Field(description="a cache that is there already, in the network")
    endpoint: HostName = Field(description="host of the cache")
    port: Annotated[int, whole_number(minimum=1, maximum=65_535, what="port")] = Field(
        default=6379, description="port of the cache"
    )
    security_group_ids: SecurityGroups = Field(description="groups of the cache, which let functions in")
    cache_name: HostName | None = Field(default=None, description="by which functions make their token")
    username: UserName | None = Field(default=None, description="as whom functions connect")
    cache_arn: CacheArn | None = Field(default=None, description="to which, with user_arn, IAM lets functions connect")
    user_arn: CacheArn | None = Field(default=None, description="as which IAM lets functions connect")
    secret: ResourceName | None = Field(default=None, description="of `resources`: what functions read to connect")


AnyDatabase = Annotated[
    Annotated[AuroraServerless, Tag("aurora_serverless")]
    | Annotated[DatabaseInstance, Tag("instance")]
    | Annotated[ExistingDatabase, Tag("existing")],
    by_kind("aurora_serverless", "instance", "existing"),
]
AnyCache = Annotated[
    Annotated[ServerlessCache, Tag("serverless")]
    | Annotated[ReplicationGroup, Tag("replication_group")]
    | Annotated[ExistingCache, Tag("existing")],
    by_kind("serverless", "replication_group", "existing"),
]
