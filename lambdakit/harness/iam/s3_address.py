"""S3's two ways to name a bucket: in the path, and in the host's name.

Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets".
"""

from __future__ import annotations

import re
from typing import Final

from lambdakit.harness.wire import Request

_HOST: Final = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9._-]+?)"
    r"\.(?:s3(?:-[a-z]+)?(?:\.dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.(?:amazonaws\.com(?:\.cn)?|localhost)|localhost)"
    r"(?::\d+)?"
)
_SERVICE_LABELS: Final = frozenset({"s3", "s3-control", "s3-accesspoint"})


def s3_path(request: Request) -> str:
    """The path as if the bucket stood in it, percent-encoded."""
    match = _HOST.fullmatch(request.headers.get("host"))
    if match is None or match["bucket"] in _SERVICE_LABELS:
        return request.path
    if request.headers.get("x-amz-account-id"):  # S3 Control: what stands before the host's name is the account
        return request.path
    return f"/{match['bucket']}{request.path}"
