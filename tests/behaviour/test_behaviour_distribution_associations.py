"""Associations of functions that no distribution takes.

Source: Amazon CloudFront Developer Guide, "Restrictions on Lambda@Edge", "Restrictions on all edge functions", "Set up
IAM permissions and roles for Lambda@Edge", "Quotas on Lambda@Edge".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.distributions import behavior, custom_origin, distribution
from tests.fakes.edge_functions import associated, edge_function
from tests.fakes.plain_assembly import role
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-associations")

HOST = "edge.example.com"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


class TestRefusals:
    @pytest.mark.parametrize(
        ("properties", "event", "why"),
        [
            ({"Environment": {"Variables": {"AB": "c"}}}, "origin-request", "environment variables"),
            ({"MemorySize": 256}, "viewer-request", "128 MB"),
            ({"Timeout": 6}, "viewer-request", "5 seconds"),
            ({"Timeout": 31}, "origin-request", "30 seconds"),
            ({"Architectures": ["arm64"]}, "origin-request", "x86_64"),
            ({"Runtime": "provided.al2023"}, "origin-request", "runtime"),
        ],
    )
    def test_functions_that_no_distribution_takes(
        self, harness: WiredHarness, tmp_path: Path, properties: dict[str, Any], event: str, why: str
    ) -> None:
        resources = {
            **edge_function(**properties),
            **distribution([custom_origin(HOST)], behavior(**associated(event))),
        }
        with pytest.raises(DeploymentError, match=why):
            Stacks(harness, tmp_path, "refused").deploy(resources)

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"EdgeRole": role()}, "edgelambda.amazonaws.com"),
            (
                distribution(
                    [custom_origin(HOST)],
                    behavior(
                        LambdaFunctionAssociations=[
                            {"EventType": "origin-request", "LambdaFunctionARN": {"Fn::GetAtt": ["Edge", "Arn"]}}
                        ]
                    ),
                ),
                "specific function version",
            ),
            (
                distribution(
                    [custom_origin(HOST)],
                    behavior(
                        LambdaFunctionAssociations=[
                            {
                                "EventType": "origin-request",
                                "LambdaFunctionARN": "arn:aws:lambda:eu-west-1:123456789012:function:x:1",
                            }
                        ]
                    ),
                ),
                "us-east-1",
            ),
            (
                distribution([custom_origin(HOST)], behavior(**associated("origin-request", "origin-request"))),
                "one function only",
            ),
        ],
        ids=["no trust", "no version", "elsewhere", "two for one event"],
    )
    def test_associations_that_no_distribution_takes(
        self, harness: WiredHarness, tmp_path: Path, change: dict[str, Any], why: str
    ) -> None:
        resources = {
            **edge_function(),
            **distribution([custom_origin(HOST)], behavior(**associated("origin-request"))),
            **change,
        }
        with pytest.raises(DeploymentError, match=why):
            Stacks(harness, tmp_path, "refused").deploy(resources)
