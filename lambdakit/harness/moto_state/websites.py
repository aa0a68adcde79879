"""Where moto's buckets are, for their websites: the region is a part of a website's name.

Private surface used: `account_id`, `region_name` and `website_configuration` of moto's buckets.
Canary: tests/behaviour/test_behaviour_website.py.
"""

from __future__ import annotations

from lambdakit.harness.moto_state.resource_policies import bucket_named
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketHome:
    """Whose a bucket is, and in which region."""

    account_id: str
    region: str


def home_of_bucket(name: str) -> BucketHome | None:
    """The bucket's account and region; None when there is none of the name."""
    bucket = bucket_named(name)
    if bucket is None:
        return None
    return BucketHome(account_id=str(bucket.account_id), region=str(bucket.region_name))


def website_of_bucket(name: str) -> bytes | None:
    """A bucket's website configuration, as the XML that was put; None without one."""
    written = getattr(bucket_named(name), "website_configuration", None)
    return written.encode() if isinstance(written, str) else written
