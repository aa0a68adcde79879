"""What serves content, for the provisioners that tell of it."""

from __future__ import annotations

from lambdakit.harness.deployment.distribution_doors import DistributionDoors
from lambdakit.harness.deployment.website_doors import WebsiteDoors
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Websites of buckets, and distributions."""

    websites: WebsiteDoors
    distributions: DistributionDoors
