"""What ElastiCache would refuse of a cache's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lambdakit.constructs.caches.settings import Cache, ExistingCache, NewCache, ReplicationGroup, ServerlessCache
from lambdakit.constructs.ranges import range_problems
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic

# Source: Amazon ElastiCache User Guide, "Scaling ElastiCache", setting scaling limits of serverless caches
_STORAGE_GB: Final = (1, 5_000)
_ECPU: Final = (1_000, 15_000_000)
# Source: API elasticache CreateReplicationGroup.ReplicasPerNodeGroup; SnapshotRetentionLimit
_REPLICAS: Final = (0, 5)
_SNAPSHOT_DAYS: Final = (0, 35)
_PORTS: Final = (1, 65_535)
_NODE = re.compile(r"cache\.[a-z0-9-]+\.[a-z0-9]+")
_MAJOR = re.compile(r"[0-9]+")


def cache_problems(pointer: str, cache: Cache) -> Iterator[Diagnostic]:
    """Every setting that would be refused."""
    match cache:
        case ServerlessCache():
            yield from _new_problems(pointer, cache)
            yield from range_problems(f"{pointer}.max_storage_gb", cache.max_storage_gb, *_STORAGE_GB)
            yield from range_problems(f"{pointer}.max_ecpu_per_second", cache.max_ecpu_per_second, *_ECPU)
            if cache.engine_version is not None and _MAJOR.fullmatch(cache.engine_version) is None:
                yield Diagnostic(
                    pointer=f"{pointer}.engine_version",
                    problem=f"{cache.engine_version!r} is no major version, which alone a serverless cache has",
                    code="LK401",
                    hint='engine_version: "8"',
                )
        case ReplicationGroup():
            yield from _new_problems(pointer, cache)
            yield from range_problems(f"{pointer}.replicas", cache.replicas, *_REPLICAS)
            if _NODE.fullmatch(cache.node_type) is None and not is_unresolved(cache.node_type):
                yield Diagnostic(
                    pointer=f"{pointer}.node_type",
                    problem=f"{cache.node_type!r} is no type of a node",
                    code="LK401",
                    hint="node_type: cache.t4g.micro",
                )
        case ExistingCache():
            yield from _existing_problems(pointer, cache)


def _new_problems(pointer: str, cache: NewCache) -> Iterator[Diagnostic]:
    yield from range_problems(f"{pointer}.snapshot_retention_days", cache.snapshot_retention_days, *_SNAPSHOT_DAYS)


def _existing_problems(pointer: str, cache: ExistingCache) -> Iterator[Diagnostic]:
    yield from range_problems(f"{pointer}.port", cache.port, *_PORTS)
    if not cache.security_groups:
        yield Diagnostic(
            pointer=f"{pointer}.security_groups",
            problem="no group of the cache is known, so that no function could be let in",
            code="LK405",
            hint="name the cache's security groups",
        )
    if (cache.cache_arn is None) != (cache.user_arn is None):
        missing = "cache_arn" if cache.cache_arn is None else "user_arn"
        yield Diagnostic(
            pointer=f"{pointer}.{missing}",
            problem="IAM allows a user to connect to a cache by the ARNs of both",
            code="LK405",
            hint=f"add {missing}, or leave both out",
        )
