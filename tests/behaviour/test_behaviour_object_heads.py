"""What a HEAD request tells over the wire: the length that GET would give, though no body follows."""

from __future__ import annotations

import pytest

from tests.fakes.wired_harness import WiredHarness


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_the_head_of_an_object_tells_its_size(harness: WiredHarness, size: int) -> None:
    # S3 API Reference, "HeadObject": `Content-Length`, the size of the body in bytes.
    s3 = harness.aws("s3")
    s3.create_bucket(Bucket=f"heads-{size}")
    s3.put_object(Bucket=f"heads-{size}", Key="a/b.txt", Body=b"x" * size)

    head = s3.head_object(Bucket=f"heads-{size}", Key="a/b.txt")

    assert head["ContentLength"] == size
    assert s3.get_object(Bucket=f"heads-{size}", Key="a/b.txt")["Body"].read() == b"x" * size
