"""What a resource without a deletion policy has.

Source: CloudFormation Template Reference, "DeletionPolicy attribute".
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdakit.harness.deployment.final_snapshots import default_deletion_policy


@pytest.mark.parametrize(
    ("type_name", "properties", "policy"),
    [
        ("AWS::RDS::DBCluster", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": "c"}, ""),
        ("AWS::DynamoDB::Table", {}, ""),
    ],
)
def test_databases_leave_a_snapshot_unasked(type_name: str, properties: Mapping[str, str], policy: str) -> None:
    assert default_deletion_policy(type_name, properties) == policy
