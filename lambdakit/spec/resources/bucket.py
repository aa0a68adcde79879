"""A bucket that patterns and functions share."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.event_sources.s3 import BucketName, KeyPart
from lambdakit.spec.model import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import Checked, refusal
from lambdakit.spec.resource_name import KEY_SAYS, KeyName
from lambdakit.spec.stacked import Stacked

_DAY: Final = 24 * 60 * 60
# Source: API s3 LifecycleExpiration.Days, a 32-bit number; a duration has 7 digits.
_DAYS: Final = duration(minimum=_DAY, maximum=9_999_999 * _DAY, what="time for which an object is kept")
# Source: S3 User Guide, "Managing the lifecycle of objects", rules of one bucket
_RULES_MAX: Final = 999


def _whole_days(value: object) -> int:
    seconds: int = _DAYS.read(value)
    if seconds % _DAY:
        raise refusal("LK114", f"{value} are no whole days, in which S3 counts", f"write {seconds // _DAY}d")
    return seconds // _DAY


Days = Annotated[int, Checked(_whole_days, _DAYS.schema)]


class LifecycleRule(Model):
    """What becomes of objects in time. prefix: None for every object. Times in days; None, never."""

    prefix: KeyPart | None = Field(default=None, description="how the keys begin; every key when absent")
    expiration: Days | None = Field(default=None, description="after which time an object expires", examples=["30d"])
    noncurrent_version_expiration: Days | None = Field(
        default=None, description="after which time a version is deleted that is no longer the current one"
    )


class BucketResource(Stacked):
    """A bucket. bucket_name: None for a new one."""

    kind: Literal["bucket"] = Field(description="an S3 bucket")
    bucket_name: BucketName | None = Field(default=None, description="an existing one; a new one when absent")
    versioned: bool = Field(default=True, description="whether objects that are replaced or deleted stay as versions")
    lifecycle_rules: Annotated[list[LifecycleRule], Field(max_length=_RULES_MAX)] = Field(
        default_factory=lambda: [],
        description="what becomes of objects in time",
        examples=[[{"prefix": "tmp/", "expiration": "7d"}]],
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of it when it leaves the stack"
    )
    encryption_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])
