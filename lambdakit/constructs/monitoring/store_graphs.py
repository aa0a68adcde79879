"""Graphs of databases and caches.

Source: Amazon RDS User Guide, "Monitoring RDS Proxy metrics with Amazon CloudWatch", "Amazon CloudWatch metrics for
Amazon RDS"; Amazon Aurora User Guide, "Amazon CloudWatch metrics for Amazon Aurora"; Amazon ElastiCache User Guide,
"Metrics for Valkey and Redis OSS", "Serverless cache metrics".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.constructs.monitoring.graph import Graph, Section
from lambdakit.constructs.monitoring.resource_graphs import graph_of

if TYPE_CHECKING:
    from lambdakit.constructs.caches.made_cache import MadeCache
    from lambdakit.constructs.databases.made_database import MadeDatabase

_RDS: Final = "AWS/RDS"
_ELASTICACHE: Final = "AWS/ElastiCache"


def database_section(database: MadeDatabase) -> Section:
    """The proxy, and the database behind it if that was made here."""
    graphs: list[Graph] = [
        graph_of(
            "Proxy: connections",
            _RDS,
            {"ProxyName": database.proxy_name},
            (
                ("ClientConnections", "Sum", "of functions"),
                ("DatabaseConnections", "Sum", "to the database"),
                ("DatabaseConnectionsCurrentlySessionPinned", "Sum", "pinned to one function"),
            ),
        )
    ]
    if database.cluster is not None:
        graphs.append(
            graph_of(
                "Cluster",
                _RDS,
                {"DBClusterIdentifier": database.cluster.ref},
                (
                    ("ServerlessDatabaseCapacity", "Maximum", "capacity units"),
                    ("CPUUtilization", "Maximum", "processor %"),
                ),
            )
        )
    if database.instance is not None:
        of_instance = {"DBInstanceIdentifier": database.instance.ref}
        graphs += [
            graph_of("Instance: processor", _RDS, of_instance, (("CPUUtilization", "Maximum", "in use"),), unit="%"),
            graph_of(
                "Instance: what is left",
                _RDS,
                of_instance,
                (("FreeStorageSpace", "Minimum", "storage"), ("FreeableMemory", "Minimum", "memory")),
                unit="bytes",
            ),
        ]
    return Section(title="Database", graphs=graphs)


def cache_section(cache: MadeCache) -> Section:
    """The cache, if it was made here: an existing one is known by its endpoint alone."""
    graphs: list[Graph] = []
    if cache.cache is not None:
        of_cache = {"clusterId": cache.cache.ref}
        graphs = [
            graph_of(
                "Cache: commands",
                _ELASTICACHE,
                of_cache,
                (("TotalCmdsCount", "Sum", "all"), ("ThrottledCmds", "Sum", "throttled")),
            ),
            graph_of(
                "Cache: hits", _ELASTICACHE, of_cache, (("CacheHits", "Sum", "hits"), ("CacheMisses", "Sum", "misses"))
            ),
            graph_of(
                "Cache: size", _ELASTICACHE, of_cache, (("BytesUsedForCache", "Maximum", "in use"),), unit="bytes"
            ),
        ]
    if cache.replication_group is not None:
        # The first node of a group that has one shard; Source: ElastiCache User Guide, names of a group's clusters.
        of_node = {"CacheClusterId": f"{cache.replication_group.ref}-001"}
        graphs = [
            graph_of(
                "Cache: hits", _ELASTICACHE, of_node, (("CacheHits", "Sum", "hits"), ("CacheMisses", "Sum", "misses"))
            ),
            graph_of(
                "Cache: in use",
                _ELASTICACHE,
                of_node,
                (
                    ("EngineCPUUtilization", "Maximum", "processor"),
                    ("DatabaseMemoryUsagePercentage", "Maximum", "memory"),
                ),
                unit="%",
            ),
            graph_of("Cache: evictions", _ELASTICACHE, of_node, (("Evictions", "Sum", "evicted"),)),
        ]
    return Section(title="Cache", graphs=graphs)
