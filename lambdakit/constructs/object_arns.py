"""Objects of a bucket as the resource of a statement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lambdakit.constructs.acknowledgements import acknowledge_grant

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

OBJECTS: Final = "The objects of a bucket cannot be named beforehand: these are all below the prefix, in one bucket."


def acknowledge_objects(grantee: iam.IGrantable, resource: str) -> None:
    """Says why the grantee's role names objects by a `*`. resource: as `object_arns` gives it."""
    acknowledge_grant(grantee, resource, OBJECTS)


def object_arns(bucket: s3.IBucket, *, prefix: str | None = None, suffix: str | None = None) -> str:
    """The ARN that stands for every object whose key begins and ends so, or for all.

    Source: IAM User Guide, "IAM policy elements: Variables and tags": ${*}, ${?} and ${$} are the characters.
    """
    begin, end = (re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text or "") for text in (prefix, suffix))
    return bucket.arn_for_objects(f"{begin}*{end}")
