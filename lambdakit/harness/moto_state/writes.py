"""Whether anything was written to moto's services: a number that changes with every request that is no read.

What is derived from moto's state is kept until the number differs. Requests to services that hold data only, and never
touch a network or a database's place, do not count: they come with every invocation.

Private surface used: `moto.core.responses.BaseResponse.call_action`, through which every query, JSON and REST service
answers but S3, and `_get_action`, `service_name`. Canary: tests/unit/harness/network/test_network_moto_writes.py.
"""

from __future__ import annotations

import functools
import itertools
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded

_MODULE: Final = "moto.core.responses"
_READS: Final = ("Describe", "List", "Get", "Search")
# moto's own names of services, as their front ends give them to `BaseResponse`.
_DATA_ONLY: Final = frozenset(
    {"dynamodb", "dynamodbstreams", "events", "firehose", "iam", "kinesis", "kms", "logs", "cloudwatch"}
    | {"secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts"}
)


class _Writes:
    """The number of the last write. Each number is stored once, so that it never comes back."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.last = 0

    def count(self) -> None:
        """One more."""
        self.last = next(self._numbers)


def watch_writes() -> None:
    """From now on writes are counted, whenever moto is loaded. Idempotent."""
    change_when_loaded(_watch)


def last_write() -> int:
    """The number of the last write; 0 before the first, and while moto is not loaded."""
    # It is kept with moto's own class, which all harnesses of a process share as they share moto's state.
    writes = getattr(loaded(_MODULE), "lambdakit_writes", None)
    return 0 if writes is None else int(writes.last)


def count_write() -> None:
    """Counts what was put into moto's state without a request."""
    writes = getattr(loaded(_MODULE), "lambdakit_writes", None)
    if writes is not None:
        writes.count()


def _watch(module: ModuleType) -> None:
    if module.__name__ != _MODULE or hasattr(module, "lambdakit_writes"):
        return
    module.lambdakit_writes = _Writes()  # type: ignore[attr-defined]  # see last_write
    response = module.BaseResponse
    response.call_action = _counting(response.call_action, module.lambdakit_writes)


def _counting(call_action: Any, writes: _Writes) -> Any:
    @functools.wraps(call_action)
    def counted(response: Any) -> Any:
        try:
            return call_action(response)
        finally:
            if response.service_name not in _DATA_ONLY and not str(response._get_action()).startswith(_READS):
                writes.count()

    return counted
