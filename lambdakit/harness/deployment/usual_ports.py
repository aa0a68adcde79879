"""The ports at which databases, caches and domains are reached where nobody chose another.

Source: the user guide of each service, "Port".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# Type, or how it begins -> the port of its kind.
_PORTS: Final[Mapping[str, int]] = {
    "AWS::RDS::": 3306,
    "AWS::ElastiCache::": 6379,
    "AWS::MemoryDB::": 6379,
    "AWS::OpenSearchService::Domain": 443,
    "AWS::Elasticsearch::Domain": 443,
    "AWS::OpenSearchServerless::Collection": 443,
    "AWS::DocDB::": 27017,
    "AWS::Neptune::": 8182,
    "AWS::Redshift::": 5439,
    "AWS::RedshiftServerless::": 5439,
    "AWS::DAX::Cluster": 8111,
}
_PORT_OF_ENGINE: Final[Mapping[str, int]] = {
    "postgres": 5432,
    "postgresql": 5432,
    "aurora-postgresql": 5432,
    "oracle": 1521,
    "sqlserver": 1433,
    "memcached": 11211,
}


def usual_port(type_name: str, properties: Mapping[str, Any]) -> int:
    """0 for what is no server that speaks a protocol of its own."""
    usual = next((port for begin, port in _PORTS.items() if type_name.startswith(begin)), 0)
    engine = str(properties.get("Engine") or properties.get("EngineFamily") or "").lower()
    by_engine = next((port for begin, port in _PORT_OF_ENGINE.items() if engine.startswith(begin)), usual)
    return by_engine if usual else 0
