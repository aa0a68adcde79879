"""A bucket whose objects are events."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.delivery_attempts import MAX_EVENT_AGE_SAYS, RETRY_ATTEMPTS_SAYS, MaxEventAge, RetryAttempts
from lambdakit.spec.function import Model
from lambdakit.spec.refusal import patterned_text, refusal
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.wording import quoted

# Source: S3 User Guide, "General purpose bucket naming rules"
_BUCKET_NAME_PATTERN: Final = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_NO_BUCKET: Final = (
    "\\.\\.|^([0-9]+\\.){3}[0-9]+$|^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\\.mrap|--x-s3|--table-s3)$"
)
# Source: S3 User Guide, "Creating object key names": 1,024 bytes
_KEY_LENGTH_MAX: Final = 1_024


def _refuse_kept(name: str) -> None:
    found = re.search(_NO_BUCKET, name)
    if found is None:
        return
    problem = f"S3 keeps names with {found[0]} for itself"
    if found[0] == "..":
        problem = "two dots stand side by side"
    elif found[0] == name:
        problem = "it reads as an IP address"
    raise refusal("LK115", f"{quoted(name)} is no name of a bucket: {problem}", "write the name as S3 lists it")


BucketName = Annotated[
    str,
    patterned_text(
        _BUCKET_NAME_PATTERN,
        allowed="a name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots",
        longest=63,
        mend=lambda name: name.strip().lower().replace("_", "-"),
        refused=_refuse_kept,
        extra={"not": {"pattern": _NO_BUCKET}},
    ),
]
KeyPart = Annotated[
    str, patterned_text("^[^\\u0000-\\u001f\\u007f]+$", allowed="a part of an object's key", longest=_KEY_LENGTH_MAX)
]
ObjectEvent = Literal[
    "object_created",
    "object_created_put",
    "object_created_post",
    "object_created_copy",
    "object_created_complete_multipart_upload",
    "object_removed",
    "object_removed_delete",
    "object_removed_delete_marker_created",
    "object_restore_post",
    "object_restore_completed",
    "object_restore_delete",
    "object_tagging",
    "object_tagging_put",
    "object_tagging_delete",
    "object_acl_put",
    "lifecycle_transition",
    "intelligent_tiering",
]


class S3Source(Model):
    """Objects of a bucket. bucket, bucket_name: None for a bucket of the pattern's own. max_event_age: seconds."""

    kind: Literal["s3"] = Field(description="objects of a bucket")
    bucket_name: BucketName | None = Field(
        default=None,
        description="an existing bucket, whose EventBridge notifications are on; a new one when absent",
        examples=["uploads-of-shop"],
    )
    bucket: ResourceName | None = Field(default=None, description="one of `resources`", examples=["archive"])
    events: Annotated[list[ObjectEvent], Field(min_length=1)] = Field(
        default=["object_created"], description="what happens to an object", examples=[["object_created"]]
    )
    prefix: KeyPart | None = Field(default=None, description="how the keys begin", examples=["incoming/"])
    suffix: KeyPart | None = Field(default=None, description="how the keys end", examples=[".jpg"])
    via: Literal["event_bridge", "notification"] = Field(
        default="event_bridge",
        description="notification gives the event as Records, through a second function of the CDK's",
    )
    object_access: Literal["none", "read"] = Field(
        default="read", description="what the function may do with the objects that match"
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the bucket when it leaves the stack"
    )
    retry_attempts: RetryAttempts = Field(default=limits.EVENT_RETRIES_MAX, description=RETRY_ATTEMPTS_SAYS)
    max_event_age: MaxEventAge = Field(
        default=limits.EVENT_AGE_SECONDS_MAX,
        description=MAX_EVENT_AGE_SAYS,
        examples=["1h"],
        json_schema_extra={"default": "24h"},
    )
