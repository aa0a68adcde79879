"""A deployed function, called through the Lambda API as any client calls it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import quote

from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass
from lambdakit.session.control_api import Answer, ControlApi
from lambdakit.session.durable_executions import DurableExecution, executions_of
from lambdakit.session.invocation_logs import InvocationLogs, since_start
from lambdakit.session.results import Invocation, InvocationResult, LambdaApiError
from lambdakit.session.trace_view import TraceView
from lambdakit.trace import InvocationEnded, InvocationStarted, TraceEvent

InvocationType = Literal["RequestResponse", "Event", "DryRun"]

ADMINISTRATOR_KEY_ID: Final = "LAMBDAKITADMINISTRATOR"
ADMINISTRATOR_SECRET: Final = "lambdakit"

# The invocation's end is in the trace before its answer goes out; the margin is for a busy machine.
_TRACE_SECONDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """One function of a deployment.

    name: its physical name. path: its construct path; empty where the assembly does not tell.
    runtime: `python3.13` …; empty for an image.
    """

    name: str
    arn: str
    logical_id: str
    stack: str
    path: str
    runtime: str
    handler: str
    _control: ControlApi = field(repr=False, compare=False)
    _trace: TraceView = field(repr=False, compare=False)

    @property
    def also_called(self) -> tuple[str, ...]:
        """The ARN."""
        return (self.arn,)

    def invoke(
        self,
        payload: object = None,
        *,
        qualifier: str | None = None,
        invocation_type: InvocationType = "RequestResponse",
        client_context: Mapping[str, object] | None = None,
        durable_execution_name: str | None = None,
        tenant_id: str | None = None,
    ) -> InvocationResult:
        """What the function answered; for `Event`, that the event was accepted; for `DryRun`, that the call is allowed.

        payload: anything JSON can write, or the body itself as bytes. Absence sends `{}`, as an empty body means.
        qualifier: a version or an alias; absence calls `$LATEST`.
        client_context: becomes `context.client_context`.
        durable_execution_name: of a durable function; the same name again gives the same execution. Absence: a new one.
        tenant_id: for a function that isolates its tenants.
        A function's own error is a result, see `function_error`. LambdaApiError when the API refuses the call.
        Source: Lambda API Reference, "Invoke".
        """
        headers = {
            "authorization": _administrator_credential(self.arn),
            "content-type": "application/json",
            "x-amz-invocation-type": invocation_type,
        }
        if invocation_type == "RequestResponse":
            headers["x-amz-log-type"] = "Tail"
        if client_context is not None:
            headers["x-amz-client-context"] = base64.b64encode(json.dumps(client_context).encode()).decode()
        if durable_execution_name is not None:
            headers["x-amz-durable-execution-name"] = durable_execution_name
        if tenant_id is not None:
            headers["x-amz-tenant-id"] = tenant_id
        path = f"/2015-03-31/functions/{quote(self.arn, safe='')}/invocations"
        if qualifier is not None:
            path += f"?Qualifier={quote(qualifier, safe='')}"
        answer = self._control.request("POST", path, body=_body(payload), headers=headers)
        if answer.status >= 400:
            raise _api_error(self.name, answer)
        return self._result(answer, ran=invocation_type == "RequestResponse")

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """Every call of the function in the trace, in the order in which they began."""
        events = self._trace.events
        ended = {event.request_id: event for event in events if isinstance(event, InvocationEnded)}
        logs = InvocationLogs(events)
        return tuple(
            _invocation(event, ended.get(event.request_id), logs.log(event.request_id))
            for event in events
            if isinstance(event, InvocationStarted) and event.arn == self.arn
        )

    @property
    def executions(self) -> tuple[DurableExecution, ...]:
        """Every durable execution of the function in the trace, in the order in which they began."""
        return executions_of(self.arn, self._trace.events)

    def _result(self, answer: Answer, *, ran: bool) -> InvocationResult:
        request_id = answer.headers.get("x-amzn-requestid", "")
        end = self._end_of(request_id) if ran else None
        return InvocationResult(
            function=self.name,
            raw_payload=answer.body,
            function_error=answer.headers.get("x-amz-function-error"),
            status_code=answer.status,
            executed_version=answer.headers.get("x-amz-executed-version"),
            request_id=request_id,
            durable_execution_arn=answer.headers.get("x-amz-durable-execution-arn"),
            duration_ms=end.duration_ms if end else None,
            billed_duration_ms=end.billed_duration_ms if end else None,
            init_duration_ms=end.init_duration_ms if end else None,
            max_memory_used_mb=end.max_memory_used_mb if end else None,
            log=InvocationLogs(since_start(self._trace.read, request_id)).log(request_id) if ran else "",
        )

    def _end_of(self, request_id: str) -> InvocationEnded | None:
        def is_end(event: TraceEvent) -> bool:
            return isinstance(event, InvocationEnded) and event.request_id == request_id

        event = self._trace.wait_for(is_end, seconds=_TRACE_SECONDS)
        return event if isinstance(event, InvocationEnded) else None


def _body(payload: object) -> bytes:
    if payload is None:
        return b"{}"
    return bytes(payload) if isinstance(payload, bytes | bytearray) else json.dumps(payload).encode()


def _administrator_credential(arn: str) -> str:
    """An Authorization header that names the administrator's key; what names a key never issued is not verified."""
    region = arn.split(":")[3] if arn.count(":") >= 5 else "us-east-1"
    scope = f"{ADMINISTRATOR_KEY_ID}/{datetime.now(UTC):%Y%m%d}/{region}/lambda/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={ADMINISTRATOR_SECRET}"


def _invocation(started: InvocationStarted, ended: InvocationEnded | None, log: str) -> Invocation:
    return Invocation(
        request_id=started.request_id,
        at=started.at,
        version=started.version,
        qualifier=started.qualifier,
        cold_start=started.cold_start,
        event=_parsed(started.payload),
        status=ended.status if ended else None,
        result=_parsed(ended.payload) if ended else None,
        error_type=ended.error_type if ended else None,
        duration_ms=ended.duration_ms if ended else None,
        init_duration_ms=ended.init_duration_ms if ended else None,
        log=log,
    )


def _parsed(payload: str) -> Any:
    """The JSON value; the text itself where it is none, as a runtime of one's own may answer anything."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload


def _api_error(function: str, answer: Answer) -> LambdaApiError:
    """The service's error: its code is in a header or the body, its message under either spelling.

    Source: botocore 1.44.5, model `lambda` (`Message` or `message`, by exception) and parsers.RestJSONParser.
    """
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    code = answer.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or str(answer.status)
    code = str(code).split(":")[0].rsplit("#")[-1]
    message = str(body.get("Message") or body.get("message") or answer.body[:200].decode(errors="replace"))
    return LambdaApiError(
        Diagnostic(pointer=function, problem=f"the Lambda API refused the call: {code}: {message}", code="LK530"),
        error_code=code,
        message=message,
        status_code=answer.status,
        request_id=answer.headers.get("x-amzn-requestid", ""),
    )
