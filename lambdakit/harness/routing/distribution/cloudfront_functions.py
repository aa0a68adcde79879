"""CloudFront functions: JavaScript of runtimes 1.0 and 2.0, run by the bundled Node.js, which runs much newer language.

All functions share one process, one run at a time, each in a context of its own. How much of the allowed time a run
takes (its compute utilization) is not measured: one second of real time is the limit.
Source: Amazon CloudFront Developer Guide, "Customize at the edge with CloudFront Functions"; "JavaScript runtime
features for CloudFront Functions"; "Edge function logs" (the log group). Which statuses failures have is said of edge
functions in general ("HTTP 503 status code (function execution error)", "Restrictions on all edge functions": 502).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from lambdakit.harness.routing.distribution.edge_result import InvalidResult
from lambdakit.harness.routing.distribution.fetching import Visit
from lambdakit.harness.routing.distribution.function_event import function_event, request_of, response_of
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse
from lambdakit.harness.routing.distribution.pages import failure
from lambdakit.harness.routing.distribution.parts import Part, Parts
from lambdakit.harness.routing.graphql.evaluation.script_process import ProcessLost, ScriptProcess
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

_INSIDE: Final = Path(__file__).resolve().with_name("inside_node")
_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 2.0
_START_SECONDS: Final = 30.0
_FAILED: Final = "The CloudFront function associated with the CloudFront distribution"
# "Logs": "Function logs in CloudFront Functions are truncated at 10 KB."
_LOG_BYTES_MAX: Final = 10 * 1024

_Made = TypeVar("_Made")
# Takes the ARN of a function, the id of a request and what the function logged.
Log = Callable[[str, str, str], None]


class CloudFrontFunctions:
    """Runs them. Close it when nobody asks any more. log: takes what functions log."""

    def __init__(self, parts: Parts, log: Log) -> None:
        self._parts = parts
        self._log = log
        self._process: ScriptProcess | None = None
        self._is_closed = False
        self._turn = threading.Lock()  # held while a function runs: the process does one thing at a time

    def viewer_request(self, visit: Visit, request: EdgeRequest, arn: str) -> EdgeRequest | EdgeResponse:
        """The request as the function leaves it, or the answer that it gives. EdgeFailed."""
        event_type = "viewer-request"
        result = self._result(visit, event_type, request, None, arn)

        def read() -> EdgeRequest | EdgeResponse:
            if "statusCode" in result:
                return response_of(event_type, None, result)
            return request_of(request, result)

        return _checked(arn, read)

    def viewer_response(self, visit: Visit, request: EdgeRequest, response: EdgeResponse, arn: str) -> EdgeResponse:
        """The answer as the function leaves it. EdgeFailed."""
        event_type = "viewer-response"
        result = self._result(visit, event_type, request, response, arn)
        return _checked(arn, lambda: response_of(event_type, response, result))

    def close(self) -> None:
        """Ends the process. Idempotent."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _result(
        self, visit: Visit, event_type: str, request: EdgeRequest, response: EdgeResponse | None, arn: str
    ) -> Mapping[str, Any]:
        part = self._parts.find("Function", arn)
        if part is None:
            raise _not_run(f"there is no function {arn}")
        event = function_event(
            event_type,
            request,
            distribution_id=visit.configuration.id,
            domain=visit.configuration.domain,
            request_id=visit.request_id,
            response=response,
        )
        asked = {
            "code": str(part.properties.get("FunctionCode", "")),
            "event": event,
            "store": self._store(part),
            "milliseconds": int(_SECONDS * 1000),
        }
        try:
            done = self._asked(asked)
        except (ProcessLost, RuntimeUnavailable) as lost:
            raise _not_run(f"{event_type}: {arn}: {lost}") from None
        lines = _lines(done.get("logs"))
        for line in (f"START DistributionID: {visit.configuration.id}", *lines, "END") if lines else ():
            self._log(arn, visit.request_id, line)
        if "failed" in done:
            raise _not_run(f"{event_type}: {arn}: {done['failed']}")
        result = done.get("result")
        if not isinstance(result, dict):
            raise _invalid(f"{event_type}: {arn}: the function's result is no object")
        return result

    def _store(self, part: Part) -> dict[str, Any] | None:
        """The key value stores of a function, as its code sees them; None without one."""
        config = part.properties.get("FunctionConfig") or {}
        arns = [str(each.get("KeyValueStoreARN")) for each in config.get("KeyValueStoreAssociations") or ()]
        stores = [store for arn in arns if (store := self._parts.key_value_store(arn)) is not None]
        if not stores:
            return None
        values = {name: value for store in stores for name, value in store.items()}
        return {"ids": [arn.rpartition("/")[2] for arn in arns], "values": values}

    def _asked(self, request: dict[str, Any]) -> Mapping[str, Any]:
        with self._turn:
            if self._is_closed:
                raise ProcessLost("the harness is closed")
            process, seconds = self._process, _SECONDS + _GRACE_SECONDS
            if process is None or not process.is_running:
                if process is not None:
                    process.kill()
                self._process = process = ScriptProcess(_INSIDE)
                seconds += _START_SECONDS
            try:
                done = process.ask(request, lambda name, given: "{}", seconds)
            except (ProcessLost, RecursionError) as lost:
                process.kill()
                raise ProcessLost(str(lost) or "the function gave what is nested too deep") from None
        return done if isinstance(done, dict) else {"failed": "nothing that can be read came of the function"}


def _checked(arn: str, read: Callable[[], _Made]) -> _Made:
    try:
        return read()
    except InvalidResult as invalid:
        raise _invalid(f"{arn}: {invalid}") from None


def _not_run(problem: str) -> Exception:
    return failure(503, f"{_FAILED} was unable to complete.", problem=problem, source="FunctionExecutionError")


def _invalid(problem: str) -> Exception:
    return failure(502, f"{_FAILED} returned an invalid value.", problem=problem, source="FunctionValidationError")


def _lines(given: object) -> list[str]:
    found, left = [], _LOG_BYTES_MAX
    for line in given if isinstance(given, list) else ():
        text = str(line).encode()[:left].decode("utf-8", "ignore")
        left -= len(text.encode())
        if text:
            found.append(text)
    return found
