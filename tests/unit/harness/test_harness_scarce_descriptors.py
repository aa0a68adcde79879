"""A harness that runs out of descriptors says so, loses nothing by it, and works again once it has some."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from tests.fakes.function_host import FunctionHost, json_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")

_MOST_NEEDED = 12  # more than an environment of either kind takes


def _open_descriptors() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]  # noqa: PTH208  # without the listing's own


@contextmanager
def _descriptors_left(count: int) -> Iterator[None]:
    """Leaves this process so many that it may still open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as fillers:
        highest = max(_open_descriptors())
        while (filler := os.open(os.devnull, os.O_RDONLY)) < highest:
            fillers.callback(os.close, filler)
        fillers.callback(os.close, filler)
        resource.setrlimit(resource.RLIMIT_NOFILE, (filler + 1 + count, hard))
        fillers.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        yield


def test_whichever_descriptor_is_missing_the_caller_is_told(host: FunctionHost) -> None:
    function = host.function("import os\ndef handler(event, context):\n    return event if event else os._exit(1)")
    host.invoke(function, 1)
    host.pool.retire(function.arn, reason="updated")
    before, told = _open_descriptors(), set()

    for count in range(_MOST_NEEDED):
        with _descriptors_left(count):
            try:
                answered = json_of(host.invoke(function, 2)) == 2
                host.invoke(function, 0)  # it is reset after that
            except RuntimeUnavailable as unavailable:
                answered = False
                told.add(str(unavailable))
        host.pool.retire(function.arn, reason="updated")

    assert answered, "the last round had enough"
    assert told
    assert all(text.startswith("no execution environment could be made: ") for text in told)
    assert _open_descriptors() == before
    assert host.pool.busy == 0
    assert json_of(host.invoke(function, 3)) == 3
