"""What is told of an answer that a function sent while it made it."""

from __future__ import annotations

from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.response_stream import StreamOutcome
from lambdakit.limits import MIB, STREAMED_RESPONSE_BYTES_PER_SECOND, STREAMED_RESPONSE_UNCAPPED_BYTES
from lambdakit.trace import ResponseStreamed


def response_streamed(environment: ExecutionEnvironment, request_id: str, stream: StreamOutcome) -> ResponseStreamed:
    """The trace event."""
    configuration = environment.configuration
    return ResponseStreamed(
        request_id=request_id,
        function=configuration.name,
        version=configuration.version,
        environment=environment.id,
        produced_bytes=stream.produced_bytes,
        latency_ms=stream.latency_ms,
        duration_ms=stream.duration_ms,
        error_code=stream.error_code or None,
        client_left=stream.client_left,
    )


def slower_on_aws(stream: StreamOutcome) -> str:
    """What a long answer costs in time on AWS and not here; empty for one that AWS would not slow down.

    Source: AWS Lambda Developer Guide, "Lambda quotas": 6 MB without a cap, then 2 MB each second.
    """
    capped = stream.produced_bytes - STREAMED_RESPONSE_UNCAPPED_BYTES
    if capped <= 0 or stream.collected:
        return ""
    return (
        f"streams more than {STREAMED_RESPONSE_UNCAPPED_BYTES // MIB} MB: AWS sends the rest at "
        f"{STREAMED_RESPONSE_BYTES_PER_SECOND // MIB} MB/s, which counts as the function's time; here nothing slows it"
    )
