"""Athena, the RDS Data API, OpenSearch's and Kafka's control planes, and Amazon MQ.

Source: Service Authorization Reference, "Amazon Athena", "Amazon RDS Data API", "Amazon OpenSearch Service",
"Amazon Managed Streaming for Apache Kafka" and "Amazon MQ"; Aurora User Guide, "Authorizing access to the Amazon RDS
Data API" (the caller reads the secret).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.actions.secretsmanager import secret_arn
from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules


def _on_cluster(call: ApiCall) -> Sequence[Need] | None:
    cluster, secret = call.text("resourceArn", "dbClusterOrInstanceArn"), call.text("secretArn", "awsSecretStoreArn")
    needs = []
    if cluster.startswith("arn:"):
        needs.append(Need(action=f"rds-data:{call.operation}", resources=(cluster,)))
    if secret:
        needs.append(Need(action="secretsmanager:GetSecretValue", resources=(secret_arn(call, secret),)))
    return needs if cluster.startswith("arn:") else None


def _work_group(call: ApiCall) -> Sequence[str]:
    """Athena API Reference: what names no work group is about the primary one, but for what names a query."""
    name = call.text("WorkGroup") or ("primary" if call.operation in _IN_PRIMARY else "")
    return [call.arn("athena", f"workgroup/{name}")] if name else []


_IN_PRIMARY: Final = frozenset({"StartQueryExecution", "CreateNamedQuery", "ListNamedQueries", "ListQueryExecutions"})

ATHENA: Final = Rules(resources={"workgroup": _work_group})

RDS_DATA: Final = Rules(
    readers=dict.fromkeys(
        (
            *("BatchExecuteStatement", "BeginTransaction", "CommitTransaction", "ExecuteSql", "ExecuteStatement"),
            "RollbackTransaction",
        ),
        _on_cluster,
    ),
)

_DOMAIN: Final = {"domain.DomainName": ("DomainName", "DomainNames", "ARN", "DomainArn", "TargetDomainArn")}

ELASTICSEARCH: Final = Rules(members=_DOMAIN)

OPENSEARCH: Final = Rules(
    members=_DOMAIN,
    opaque=frozenset({"GetDefaultApplicationSetting"}),
)


def _on_brokers(call: ApiCall) -> Sequence[Need] | None:
    """The reference names no resource for it; the guide grants it on one cluster, and so does the CDK.

    Source: Amazon MSK Developer Guide, "Accessing one Amazon MSK cluster"
    """
    cluster = call.text("ClusterArn", "clusterArn")
    return [Need(action=f"kafka:{call.operation}", resources=(cluster,))] if cluster.startswith("arn:") else None


KAFKA: Final = Rules(
    members={
        "cluster.ClusterName": ("clusterArn", "ClusterArn", "clusterName", "ClusterName", "resourceArn", "ResourceArn"),
        "configuration.ConfigurationName": ("arn", "Arn", "configurationArn", "ConfigurationInfo.Arn", "Name"),
    },
    readers={"GetBootstrapBrokers": _on_brokers},
    any_of=frozenset({"RejectClientVpcConnection", "UpdateClusterConfiguration"}),
)

MQ: Final = Rules(
    members={
        "brokers.BrokerName": ("resource-arn", "ResourceArn"),
        "brokers.BrokerId": ("BrokerId",),
    },
)
