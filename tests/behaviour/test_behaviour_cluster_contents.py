"""Manifests, patches and charts for a cluster of EKS: recorded, without asking the functions that would apply them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cluster-contents")

_REFUSES = "def handler(event, context): raise ValueError('there is no cluster')"


def _content(kind: str, **properties: Any) -> Resources:
    return {
        **function("Kubectl", _REFUSES),
        "Mine": {
            "Type": f"Custom::AWSCDK-EKS-{kind}",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Kubectl", "Arn"]},
                "ClusterName": "blue",
                "RoleArn": "arn:aws:iam::123456789012:role/kubectl",
                **properties,
            },
        },
    }


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("KubernetesResource", {"Manifest": '[{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}]'}),
        ("KubernetesPatch", {"ResourceName": "n", "ApplyPatchJson": "{}", "RestorePatchJson": "{}"}),
        ("HelmChart", {"Release": "r", "Chart": "c", "Namespace": "default"}),
    ],
)
def test_what_is_put_into_a_cluster_is_recorded(
    harness: WiredHarness, stacks: Stacks, kind: str, properties: dict[str, str]
) -> None:
    before = harness.position()

    deployment = stacks.deploy(_content(kind, **properties))

    assert physical_id(deployment, "Mine")
    assert harness.events("InvocationStarted", after=before) == []
    (note,) = [each["note"] for each in harness.events("RuntimeNote", after=before) if each["function"] == "Mine"]
    assert note == f"Custom::AWSCDK-EKS-{kind} is only recorded: nothing runs in the cluster blue"

    stacks.destroy()

    assert harness.events("InvocationStarted", after=before) == []
