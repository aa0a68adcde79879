"""Functions that a front door waits for: the call with its permission, its time limit and what came of it.

Source: AWS Lambda Developer Guide, "Invoking Lambda with events from other AWS services" (synchronous invocation).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.routing.url_stream import UrlStream
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX, INIT_SECONDS
from lambdakit.records import dataclass

_ACTION: Final = "lambda:InvokeFunction"
_API_GATEWAY: Final = "apigateway.amazonaws.com"
_SESSION: Final = "BackplaneAssumeRoleSession"

_Made = TypeVar("_Made")


class Permissions(Protocol):
    """Who may call whom."""

    def service_refusal(
        self, service: str, action: str, resource: str, *, source_arn: str = "", source_account: str = ""
    ) -> str | None:
        """Why an AWS service may not do something to a resource; None when it may."""

    def role_refusal(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """Why a session of a role may not do something to a resource; None when it may."""

    def action_refusal(
        self, principal: Principal, action: str, resource: str, context: Mapping[str, tuple[str, ...]]
    ) -> str | None:
        """Why somebody may not do something to a resource; None when they may. context: condition keys, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAnswer:
    """What a function gave. failed: its error object stands in `payload`."""

    payload: bytes
    failed: bool
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose own credentials a function is called with. context: condition keys of the call, in lower case."""

    principal: Principal
    context: Mapping[str, tuple[str, ...]]


class FunctionRefused(Exception):
    """The function was not run; the text says why. status: of the Lambda API."""

    def __init__(self, problem: str, *, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status


class FunctionTimedOut(Exception):
    """Nothing was answered within the door's limit. What was asked runs on."""


class FunctionCalls:
    """Calls functions for a service, and waits. Close it after the environments have ended.

    service: its principal. session: what it calls those of the roles that it calls functions with.
    """

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invocations: Invocations,
        permissions: Permissions,
        service: str = _API_GATEWAY,
        session: str = _SESSION,
    ) -> None:
        self._stores = stores
        self._invocations = invocations
        self._permissions = permissions
        self._service = service
        self._session = session
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def call(
        self,
        function: str,
        payload: bytes,
        *,
        source_arn: str,
        limit_seconds: float,
        trace_id: str = "",
        credentials_arn: str = "",
        caller: Caller | None = None,
        tenant_id: str = "",
    ) -> FunctionAnswer:
        """The function's answer. FunctionRefused when it did not run, FunctionTimedOut when it took too long.

        function: an ARN. source_arn: of the route or authorizer, which the function's resource policy has to admit.
        credentials_arn: the role to call with instead. caller: who calls instead of both. limit_seconds: of real time.
        tenant_id: empty for none.
        """
        target = self._admitted(function, payload, source_arn, caller or credentials_arn)
        event = Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id, tenant_id=tenant_id)

        def invoke() -> InvocationResult:
            return self._invocations.invoke(target.configuration, event)

        # A function that must have ended by then needs no thread beside its caller's; a durable one may rest.
        longest = target.configuration.timeout_seconds + 2 * INIT_SECONDS
        must_have_ended = target.configuration.durable is None and longest <= limit_seconds
        if not must_have_ended:
            self._invocations.ready(target.configuration)
        try:
            result = invoke() if must_have_ended else self.within(limit_seconds, invoke)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        outcome = result.outcome
        return FunctionAnswer(payload=outcome.payload, failed=outcome.fault is not None, request_id=result.request_id)

    def stream(
        self,
        function: str,
        payload: bytes,
        *,
        source_arn: str,
        stream: UrlStream,
        trace_id: str = "",
        credentials_arn: str = "",
        caller: Caller | None = None,
        tenant_id: str = "",
    ) -> str:
        """Calls a function whose answer goes to `stream` while it is made, and returns the id of the request.

        FunctionRefused when it did not run. The rest as `call` has it.
        """
        target = self._admitted(function, payload, source_arn, caller or credentials_arn)
        event = Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id, tenant_id=tenant_id)
        try:
            result = self._invocations.invoke(target.configuration, event, outlet=stream)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        outcome = result.outcome
        if outcome.stream is not None:
            code, details = outcome.stream.error_code, outcome.stream.error_details
            stream.end(f"the function failed: {code} {details}".rstrip() if code else "")
        elif outcome.fault is not None:
            stream.fail("the function failed")
        else:
            stream.whole(outcome.payload)
        return result.request_id

    def send(
        self,
        function: str,
        payload: bytes,
        *,
        source_arn: str,
        trace_id: str = "",
        credentials_arn: str = "",
        caller: Caller | None = None,
        tenant_id: str = "",
    ) -> str:
        """Has a function run later, as for an event, and returns the id of the request; the rest as `call` has it."""
        target = self._admitted(function, payload, source_arn, caller or credentials_arn)
        try:
            check_payload(payload, bytes_max=ASYNC_REQUEST_BYTES_MAX)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        event = Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id, tenant_id=tenant_id)
        try:
            self._invocations.invoke_later(target, event)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        return event.request_id

    def within(self, limit_seconds: float, call: Callable[[], _Made]) -> _Made:
        """What a call gives. FunctionTimedOut when it takes too long: it runs on, and `join` waits for it."""
        came: list[_Made | BaseException] = []

        def run() -> None:
            try:
                came.append(call())
            except BaseException as error:  # the boundary of a thread: who waits for it raises it
                came.append(error)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="front-door-call", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        thread.join(limit_seconds)
        if not came:
            raise FunctionTimedOut(f"no answer came within {limit_seconds:g} seconds")
        if isinstance(came[0], BaseException):
            raise came[0]
        return came[0]

    def join(self) -> None:
        """Waits for calls that nobody waits for any more."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _refusal(self, function: str, source_arn: str, by: Caller | str) -> str | None:
        if isinstance(by, Caller):
            return self._permissions.action_refusal(by.principal, _ACTION, function, by.context)
        if by:
            return self._permissions.role_refusal(by, self._session, _ACTION, function)
        return self._permissions.service_refusal(self._service, _ACTION, function, source_arn=source_arn)

    def _admitted(self, function: str, payload: bytes, source_arn: str, by: Caller | str) -> Target:
        """by: who calls, or the role to call with; the service itself where it is empty."""
        refused = self._refusal(function, source_arn, by)
        if refused is not None:
            raise FunctionRefused(refused, status=403)
        try:
            target = self._stores.resolve(function)
            check_payload(payload)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        return target
