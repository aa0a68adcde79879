"""Functions that a front door waits for: the call with its permission, its time limit and what came of it.

Source: AWS Lambda Developer Guide, "Invoking Lambda with events from other AWS services" (synchronous invocation).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.limits import INIT_SECONDS

_ACTION: Final = "lambda:InvokeFunction"
_SERVICE: Final = "apigateway.amazonaws.com"
_SESSION: Final = "BackplaneAssumeRoleSession"


class Permissions(Protocol):
    """Who may call whom."""

    def service_refusal(
        self, service: str, action: str, resource: str, *, source_arn: str = "", source_account: str = ""
    ) -> str | None:
        """Why an AWS service may not do something to a resource; None when it may."""

    def role_refusal(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """Why a session of a role may not do something to a resource; None when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAnswer:
    """What a function gave. failed: its error object stands in `payload`."""

    payload: bytes
    failed: bool
    request_id: str = ""


class FunctionRefused(Exception):
    """The function was not run; the text says why. status: of the Lambda API."""

    def __init__(self, problem: str, *, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status


class FunctionTimedOut(Exception):
    """The function did not answer within the door's limit. It runs on."""


class FunctionCalls:
    """Calls functions for API Gateway, and waits. Close it after the environments have ended."""

    def __init__(self, *, stores: FunctionStores, invocations: Invocations, permissions: Permissions) -> None:
        self._stores = stores
        self._invocations = invocations
        self._permissions = permissions
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
    ) -> FunctionAnswer:
        """The function's answer. FunctionRefused when it did not run, FunctionTimedOut when it took too long.

        function: an ARN. source_arn: of the route or authorizer, which the function's resource policy has to admit.
        credentials_arn: the role to call with instead. limit_seconds: of real time.
        """
        refused = (
            self._permissions.role_refusal(credentials_arn, _SESSION, _ACTION, function)
            if credentials_arn
            else self._permissions.service_refusal(_SERVICE, _ACTION, function, source_arn=source_arn)
        )
        if refused is not None:
            raise FunctionRefused(refused, status=403)
        try:
            target = self._stores.resolve(function)
            check_payload(payload)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        event = Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id)

        def invoke() -> InvocationResult:
            return self._invocations.invoke(target.configuration, event)

        # A function that must have ended by then needs no thread beside its caller's.
        must_have_ended = target.configuration.timeout_seconds + 2 * INIT_SECONDS <= limit_seconds
        try:
            result = invoke() if must_have_ended else self._within(limit_seconds, invoke)
        except ServiceFault as fault:
            raise FunctionRefused(fault.message, status=fault.status) from None
        outcome = result.outcome
        return FunctionAnswer(payload=outcome.payload, failed=outcome.fault is not None, request_id=result.request_id)

    def join(self) -> None:
        """Waits for calls that nobody waits for any more."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _within(self, limit_seconds: float, invoke: Callable[[], InvocationResult]) -> InvocationResult:
        came: list[InvocationResult | BaseException] = []

        def run() -> None:
            try:
                came.append(invoke())
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
            raise FunctionTimedOut(f"the function did not answer within {limit_seconds:g} seconds")
        if isinstance(came[0], BaseException):
            raise came[0]
        return came[0]
