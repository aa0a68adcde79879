"""What telemetry says of a streamed result.

Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference": the spans and metrics of
`platform.runtimeDone`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.function_host import FunctionHost
from tests.fakes.streaming_runtime import RecordedOutlet, start_stream, streaming_function
from tests.fakes.telemetry_extension import EVERYTHING, TELEMETRY, WAIT_FOR_RUNTIME_DONE, records, subscribing_layer

PLATFORM = {**EVERYTHING, "types": ["platform"]}


def test_latency_duration_and_overhead_make_up_the_whole(sandboxed: FunctionHost, tmp_path: Path) -> None:
    layer = subscribing_layer(tmp_path, (TELEMETRY, PLATFORM), event=WAIT_FOR_RUNTIME_DONE)
    script = (
        "r, _ = next_event(); begin(r); part('one'); hold('more'); part('x' * 100_000); end(); answer(); next_event()"
    )
    function = streaming_function(sandboxed, script, layers=(layer,))
    outlet = RecordedOutlet()

    invocation = start_stream(sandboxed, function, outlet)
    outlet.wait_for(b"one")
    sandboxed.gates.open("more")
    result = invocation.result()
    sandboxed.pool.close()

    (done,) = [found["record"] for found in records(sandboxed) if found["type"] == "platform.runtimeDone"]
    spans = {span["name"]: span["durationMs"] for span in done["spans"]}
    assert done["metrics"]["producedBytes"] == 100_003
    assert list(spans) == ["responseLatency", "responseDuration", "runtimeOverhead"]
    assert sum(spans.values()) == pytest.approx(done["metrics"]["durationMs"], abs=0.01)
    stream = result.outcome.stream
    assert stream is not None
    assert spans["responseDuration"] == pytest.approx(stream.duration_ms, abs=0.01)
    assert spans["responseLatency"] == pytest.approx(stream.latency_ms, abs=5)
