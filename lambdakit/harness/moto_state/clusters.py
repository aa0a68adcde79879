"""moto's Kafka clusters, with ARNs as Amazon MSK gives them: with the cluster's name and an id behind it.

Private surface used: `moto.kafka.models.FakeKafkaCluster._generate_arn`. Canary:
tests/unit/harness/provisioners/test_provisioner_managed_kafka.py.
Source: Amazon MSK API Reference, "Clusters clusterArn", `clusterArn`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.loaded import change_when_loaded


def name_clusters() -> None:
    """From now on clusters get such ARNs, whenever moto is loaded. Idempotent."""
    change_when_loaded(_mend)


def _mend(module: ModuleType) -> None:
    if module.__name__ == "moto.kafka.models":
        models: Any = module
        models.FakeKafkaCluster._generate_arn = _arn


def _arn(cluster: Any) -> str:
    kind = "cluster" if cluster.cluster_type == "PROVISIONED" else "serverless-cluster"
    place = f"{cluster.region_name}:{cluster.account_id}"
    return f"arn:{partition_of(cluster.region_name)}:kafka:{place}:{kind}/{cluster.cluster_name}/{cluster.cluster_id}-1"
