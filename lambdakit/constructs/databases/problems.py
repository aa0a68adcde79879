"""What RDS would refuse of a database's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lambdakit.constructs.databases.settings import (
    AuroraServerless,
    Database,
    DatabaseInstance,
    ExistingDatabase,
    NewDatabase,
)
from lambdakit.constructs.ranges import range_problems
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic

# Source: API rds CreateDBCluster.MasterUsername: 1 to 16 letters and digits (MySQL); a word of the engine is refused
_USER = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}")
_RESERVED_USERS: Final = frozenset(
    {"admin", "rdsadmin", "postgres", "root", "mysql", "system", "user", "rds_superuser"}
)
# Source: API rds CreateDBInstance.DBName: begins with a letter; 63 (PostgreSQL) or 64 (MySQL) letters, digits, _
_DATABASE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_CLASS = re.compile(r"db\.[a-z0-9-]+\.[a-z0-9]+")
# Source: Amazon Aurora User Guide, "Performance and scaling for Aurora Serverless v2", range of capacity
_CAPACITY_MIN: Final = 0.5
_CAPACITY_MAX: Final = 256
# Source: Amazon Aurora User Guide, "Quotas and constraints for Amazon Aurora": replicas of a cluster
_READERS_MAX: Final = 15
# Source: API rds CreateDBCluster.BackupRetentionPeriod; of Aurora at least 1
_BACKUP_DAYS: Final = (1, 35)
# Source: API rds CreateDBInstance.AllocatedStorage, gp3, MySQL and PostgreSQL
_STORAGE_GIB: Final = (20, 65_536)


def database_problems(pointer: str, database: Database) -> Iterator[Diagnostic]:
    """Every setting that would be refused."""
    match database:
        case AuroraServerless():
            yield from _new_problems(pointer, database)
            yield from _capacity_problems(pointer, database)
            yield from range_problems(f"{pointer}.readers", database.readers, 0, _READERS_MAX)
        case DatabaseInstance():
            yield from _new_problems(pointer, database)
            yield from range_problems(f"{pointer}.allocated_storage", database.allocated_storage, *_STORAGE_GIB)
            if _CLASS.fullmatch(database.instance_class) is None and not is_unresolved(database.instance_class):
                yield Diagnostic(
                    pointer=f"{pointer}.instance_class",
                    problem=f"{database.instance_class!r} is no class of an instance",
                    code="LK401",
                    hint="instance_class: db.t4g.micro",
                )
        case ExistingDatabase():
            yield from _existing_problems(pointer, database)


def _new_problems(pointer: str, database: NewDatabase) -> Iterator[Diagnostic]:
    if _USER.fullmatch(database.username) is None or database.username.lower() in _RESERVED_USERS:
        yield Diagnostic(
            pointer=f"{pointer}.username",
            problem=f"{database.username!r} cannot own a database: a letter, then at most 15 letters and digits, and "
            "no name that the engine keeps for itself",
            code="LK401",
            hint="username: app",
        )
    if _DATABASE.fullmatch(database.database_name) is None:
        yield Diagnostic(
            pointer=f"{pointer}.database_name",
            problem=f"{database.database_name!r} is no name of a database: a letter, then at most 62 letters, digits "
            "and _",
            code="LK401",
            hint="database_name: app",
        )
    yield from range_problems(f"{pointer}.backup_retention_days", database.backup_retention_days, *_BACKUP_DAYS)


def _capacity_problems(pointer: str, database: AuroraServerless) -> Iterator[Diagnostic]:
    for name in ("min_capacity", "max_capacity"):
        value = getattr(database, name)
        if not _CAPACITY_MIN <= value <= _CAPACITY_MAX or value * 2 != int(value * 2):
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{value:g} is no capacity: {_CAPACITY_MIN} to {_CAPACITY_MAX}, in halves",
                code="LK401",
                hint=f"{name}: {_CAPACITY_MIN if name == 'min_capacity' else 4}",
            )
    # Source: Amazon Aurora User Guide, same: the maximum is 1 at least
    if database.max_capacity < max(database.min_capacity, 1):
        yield Diagnostic(
            pointer=f"{pointer}.max_capacity",
            problem=f"{database.max_capacity:g} is below {max(database.min_capacity, 1):g}, "
            f"{'min_capacity' if database.min_capacity > 1 else 'the least that Aurora takes'}",
            code="LK405",
            hint=f"max_capacity: {max(database.min_capacity, 1):g}",
        )


def _existing_problems(pointer: str, database: ExistingDatabase) -> Iterator[Diagnostic]:
    if not database.security_groups:
        yield Diagnostic(
            pointer=f"{pointer}.security_groups",
            problem="no group of the proxy is known, so that no function could be let in",
            code="LK405",
            hint="name the proxy's security groups",
        )
    if not database.username:
        yield Diagnostic(
            pointer=f"{pointer}.username",
            problem="there is no user to connect as",
            code="LK401",
            hint="username: app",
        )
    if (database.authentication == "secret") != (database.secret is not None):
        missing = database.secret is None
        yield Diagnostic(
            pointer=f"{pointer}.secret",
            problem="functions prove who they are by a secret, and there is none"
            if missing
            else "functions prove who they are by IAM, and nothing reads the secret",
            code="LK405",
            hint="name the user's secret" if missing else "leave it out, or authentication: secret",
        )
