"""Distributions of CloudFront stand in the account, and what is invalidated in them is told as done.

Source: CloudFormation Template Reference, "AWS::CloudFront::Distribution"; as in `moto_state.invalidations`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-services")

ORIGIN = {"Id": "site", "DomainName": "site.s3.us-east-1.amazonaws.com", "S3OriginConfig": {}}
CONFIG = {
    "Enabled": True,
    "Origins": [ORIGIN],
    "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
}


def distribution(**more: Any) -> dict[str, Any]:
    return {"Site": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {**CONFIG, **more}}}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Comment": "a site", "Aliases": ["www.example.com"], "HttpVersion": "http2", "IPV6Enabled": True},
        {"DefaultCacheBehavior": {**CONFIG["DefaultCacheBehavior"], "TargetOriginId": "group"}},  # type: ignore[dict-item]
        {"Origins": None, "S3Origin": {"DNSName": "site.s3.amazonaws.com"}},
    ],
    ids=["least", "more", "a group of origins", "the older form"],
)
def test_a_distribution_is_invalidated(harness: WiredHarness, stacks: Stacks, more: dict[str, Any]) -> None:
    config = {key: value for key, value in {**CONFIG, **more}.items() if value is not None}
    site = {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}
    deployment = stacks.deploy({"Site": site})
    client, name = harness.aws("cloudfront"), physical_id(deployment, "Site")

    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "once"}
    made = client.create_invalidation(DistributionId=name, InvalidationBatch=batch)["Invalidation"]

    told = client.get_invalidation(DistributionId=name, Id=made["Id"])["Invalidation"]
    (stack,) = deployment["stacks"].values()
    assert (made["Status"], told["Status"]) == ("Completed", "Completed")
    assert stack["resources"]["Site"]["attributes"]["DomainName"].endswith(".cloudfront.net")


def test_a_distribution_goes_with_its_stack(harness: WiredHarness, stacks: Stacks) -> None:
    name = physical_id(stacks.deploy(distribution()), "Site")
    client = harness.aws("cloudfront")
    shown = client.get_distribution(Id=name)["Distribution"]["DistributionConfig"]["Origins"]["Items"]

    stacks.destroy()

    assert [origin["DomainName"] for origin in shown] == [ORIGIN["DomainName"]]
    with pytest.raises(client.exceptions.NoSuchDistribution):
        client.get_distribution(Id=name)
