"""A relational database behind a proxy: a new one by its settings, or an existing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import RemovalPolicy

from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_rds as rds
    from aws_cdk import aws_secretsmanager as secretsmanager

    from lambdakit.constructs.network import Network

Engine: TypeAlias = Literal["postgresql", "mysql"]
Authentication: TypeAlias = Literal["iam", "secret"]

# Source: Amazon RDS User Guide, "RDS Proxy": it listens on the default port of the engine's family.
PORTS: Final[Mapping[Engine, int]] = {"postgresql": 5432, "mysql": 3306}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDatabase:
    """What every new database has: encrypted, backed up, in private subnets, reached through its proxy alone, by TLS.

    RDS makes the password of its owner, keeps it in Secrets Manager and changes it every week; the proxy reads it.

    network: in whose subnets it stands, in two zones at least; functions with access run there, too.
    engine: absent, PostgreSQL. engine_version: absent, RDS's default when the database is made.
    database_name: of the database in it; absent, `app`. username: of its owner; absent, `app`.
    authentication: how functions prove to the proxy who they are: `iam`, by a token that they make themselves and
        that needs no password, or `secret`, by the password, which they may then read; absent, `iam`.
    backup_retention_days: 1 to 35; absent, 7.
    removal_policy: what happens to the database when it leaves the stack; absent, it is retained, and RDS refuses to
        delete it otherwise, too.
    """

    network: Network | ec2.IVpc
    engine: Engine = "postgresql"
    engine_version: str | None = None
    database_name: str = "app"
    username: str = "app"
    authentication: Authentication = "iam"
    backup_retention_days: int = 7
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class AuroraServerless(NewDatabase):
    """A cluster of Aurora Serverless v2, whose capacity follows the load; see `NewDatabase`.

    min_capacity, max_capacity: Aurora capacity units of 2 GiB of memory, in halves, 0.5 to 256; absent, 0.5 and 4. The
        proxy's connections keep the cluster from pausing, so that 0 would be paid for as 0.5 is.
    readers: instances in other zones, one of which takes over when the writer fails, 0 to 15; absent, none.
    """

    min_capacity: float = 0.5
    max_capacity: float = 4
    readers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseInstance(NewDatabase):
    """An instance of RDS, of a fixed size; see `NewDatabase`.

    instance_class: absent, db.t4g.micro. allocated_storage: GiB, 20 to 65536; absent, 20.
    multi_az: another zone has a copy that takes over, which costs as much again; absent, on.
    """

    instance_class: str = "db.t4g.micro"
    allocated_storage: int = 20
    multi_az: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingDatabase:
    """A proxy that is there already.

    network: in whose VPC the proxy stands. security_groups: the proxy's, which let the functions in.
    engine: whose port the proxy listens on; absent, PostgreSQL.
    username: that functions connect as; `iam` allows them this one alone. database_name: absent, functions know it.
    authentication: as in `NewDatabase`. secret: the user's, which `secret` needs; absent, none.
    """

    proxy: rds.IDatabaseProxy
    network: Network | ec2.IVpc
    security_groups: Sequence[ec2.ISecurityGroup]
    username: str
    engine: Engine = "postgresql"
    database_name: str | None = None
    authentication: Authentication = "iam"
    secret: secretsmanager.ISecret | None = None


Database: TypeAlias = AuroraServerless | DatabaseInstance | ExistingDatabase
