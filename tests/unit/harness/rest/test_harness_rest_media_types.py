from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from lambdakit.harness.routing.rest.media_types import decompressed
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Headers, Request

MIB = 1024 * 1024


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_is_unpacked_no_further_than_shows_that_it_is_too_long(
    coding: str, pack: Callable[[bytes], bytes]
) -> None:
    request = Request(
        method="POST", target="/", headers=Headers([("content-encoding", coding)]), body=pack(bytes(128 * MIB))
    )

    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            decompressed(request)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.kind == "REQUEST_TOO_LARGE"
    assert most < 40 * MIB


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize(("length", "fits"), [(10 * MIB - 1, True), (10 * MIB, True), (10 * MIB + 1, False)])
def test_ten_mebibytes_are_the_most(coding: str, pack: Callable[[bytes], bytes], length: int, fits: bool) -> None:
    request = Request(
        method="POST", target="/", headers=Headers([("content-encoding", coding)]), body=pack(bytes(length))
    )

    if fits:
        assert len(decompressed(request).body) == length
    else:
        with pytest.raises(Refused, match="over 10 MB"):
            decompressed(request)
