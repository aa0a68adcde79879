"""moto's CloudWatch: measurements go in without HTTP, behind the caller's back.

moto finds a measurement for every query whose dimensions it has, where AWS wants them all: a measurement is written
once, with every dimension that applies, and not once per set of dimensions.

Private surface used: `moto.cloudwatch.models.cloudwatch_backends[account][region].put_metric_data`, which takes the
namespaces `AWS/…` that the API keeps for AWS. Canary: tests/unit/harness/test_harness_moto_metrics.py.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_INTERVAL_SECONDS: Final = 1.0
_MOMENT_SECONDS: Final = 0.02  # what comes within it is summed up
_AT_ONCE: Final = 500  # an invocation that comes meanwhile waits for no more than these

_Dimensions = tuple[tuple[str, str], ...]
_Value = tuple[str, str, float]
_Place = tuple[str, str]
_Measurement = tuple[_Place, str, _Dimensions, tuple[_Value, ...], datetime]


@dataclass(slots=True)
class _Sum:
    """Measurements of one metric within one minute: CloudWatch's statistic set."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


class MetricWriter:
    """Writes measurements into CloudWatch, a little later and summed up by minute.

    namespace: of what is added without naming one. Whoever reads metrics calls `flush` first.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._taken: collections.deque[_Measurement] = collections.deque()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._prompt: tuple[Callable[[], None], Callable[[], None]] | None = None
        self._awaited = 0
        self._wake = threading.Event()
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="metric-writer", daemon=True)
        self._thread.start()

    def add(
        self,
        account_id: str,
        region: str,
        dimensions: _Dimensions,
        values: tuple[_Value, ...],
        at: datetime,
        namespace: str = "",
    ) -> None:
        """Takes each of `values`: metric, unit, number."""
        self._taken.append(((account_id, region), namespace or self._namespace, dimensions, values, at))
        if self._prompt is not None:
            self._hurry()

    def write_promptly(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """From now on what is taken is written within a moment. begin, end: called before and after."""
        self._prompt = begin, end

    def flush(self) -> None:
        """Writes everything taken so far. Raises what a write before it did."""
        while self._taken:
            self._write_some()
        with self._writing:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Writes what is left and ends the thread. Idempotent."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self.flush()
        self._written()

    def _run(self) -> None:
        while not self._closing.is_set():
            if self._wake.wait(_INTERVAL_SECONDS):
                self._wake.clear()
                self._closing.wait(_MOMENT_SECONDS)
            while self._taken and not self._closing.is_set():
                self._write_some()
            self._written()

    def _hurry(self) -> None:
        """Wakes the thread, unless it is on its way."""
        with self._counting:
            if self._awaited or self._prompt is None:
                return
            self._awaited = 1
            self._prompt[0]()
        self._wake.set()

    def _written(self) -> None:
        """Tells that all is written, unless more has come."""
        with self._writing, self._counting:
            if self._awaited and not self._taken and self._prompt is not None:
                self._awaited = 0
                self._prompt[1]()
            elif self._awaited:
                self._wake.set()

    def _write_some(self) -> None:
        with self._writing:
            sums: dict[tuple[_Place, str, str, str, _Dimensions, datetime], _Sum] = {}
            for _ in range(min(_AT_ONCE, len(self._taken))):
                place, namespace, dimensions, values, at = self._taken.popleft()
                minute = at.replace(second=0, microsecond=0, tzinfo=None)
                for name, unit, value in values:
                    sums.setdefault((place, namespace, name, unit, dimensions, minute), _Sum()).add(value)
            try:
                self._put(sums)
            except Exception as error:  # a thread's boundary: the next flush or close raises it
                self._failure = error

    def _put(self, sums: dict[tuple[_Place, str, str, str, _Dimensions, datetime], _Sum]) -> None:
        from moto.cloudwatch.models import cloudwatch_backends

        places: dict[tuple[_Place, str], list[dict[str, Any]]] = {}
        for (place, namespace, name, unit, dimensions, minute), summed in sums.items():
            statistics = {
                "SampleCount": summed.count,
                "Sum": summed.total,
                "Minimum": summed.least,
                "Maximum": summed.most,
            }
            places.setdefault((place, namespace), []).append(
                {
                    "MetricName": name,
                    "Unit": unit,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                    "Timestamp": minute,
                    "StatisticValues": statistics,
                }
            )
        for ((account_id, region), namespace), data in places.items():
            cloudwatch_backends[account_id][region].put_metric_data(namespace, data)
