"""Functions that a service waits for: the call with its permission, its time limit and what came of it.

Source: AWS Lambda Developer Guide, "Invoking Lambda with events from other AWS services" (synchronous invocation).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from lambdakit.harness.delivery.targets import Permissions
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.runtime.faults import Fault
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX
from lambdakit.records import dataclass

_ACTION = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls. Either service, its principal, for `source_arn` of `account_id`; or a session of a role."""

    service: str = ""
    source_arn: str = ""
    account_id: str = ""
    role_arn: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAnswer:
    """What a function gave. payload: JSON, the error's if it failed. version: the one that ran.

    error_type, error_message: empty when it succeeded.
    """

    payload: bytes
    failed: bool
    error_type: str = ""
    error_message: str = ""
    version: str = ""
    request_id: str = ""

    def json(self) -> Any:
        """The payload as a value; None for none. ValueError for what is no JSON."""
        return json.loads(self.payload or b"null")


class CallRefused(Exception):
    """The function was not run. code: the exception of the Lambda API."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class CallTimedOut(Exception):
    """The function did not answer within the caller's limit. It may still run."""


class FunctionCalls:
    """Calls functions and waits. submit: runs a job on another thread, for calls with a limit."""

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invocations: Invocations,
        permissions: Permissions,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._stores = stores
        self._invocations = invocations
        self._permissions = permissions
        self._submit = submit

    def call(
        self,
        function: str,
        payload: bytes,
        caller: Caller,
        *,
        qualifier: str = "",
        client_context: str | None = None,
        limit_seconds: float | None = None,
    ) -> FunctionAnswer:
        """The function's answer. CallRefused when it did not run, CallTimedOut when it took too long.

        function: an ARN, or a name in the harness's own account. limit_seconds: of real time; None for no limit.
        """
        try:
            target = self._stores.resolve(function, qualifier)
            self._permit(_named(target), caller)
            check_payload(payload)
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None
        event = Event(payload=payload, qualifier=target.qualifier, client_context=client_context)

        def run() -> FunctionAnswer:
            try:
                result = self._invocations.invoke(target.configuration, event)
            except ServiceFault as fault:
                raise CallRefused(fault.code, fault.message, status=fault.status) from None
            fault_met = result.outcome.fault
            return FunctionAnswer(
                payload=result.outcome.payload,
                failed=fault_met is not None,
                error_type=_error(result.outcome.payload, fault_met, "errorType"),
                error_message=_error(result.outcome.payload, fault_met, "errorMessage"),
                version=result.executed_version,
                request_id=result.request_id,
            )

        if limit_seconds is None:
            return run()
        self._invocations.ready(target.configuration)
        return self._within(limit_seconds, run)

    def send(self, function: str, payload: bytes, caller: Caller, *, qualifier: str = "") -> None:
        """Hands an event over and waits for nothing. CallRefused when it is not taken."""
        try:
            target = self._stores.resolve(function, qualifier)
            self._permit(_named(target), caller)
            check_payload(payload, bytes_max=ASYNC_REQUEST_BYTES_MAX)
            self._invocations.invoke_later(target, Event(payload=payload, qualifier=target.qualifier))
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None

    def allowed(self, function: str, caller: Caller) -> str | None:
        """Why the caller may not call the function; None when it may. CallRefused for one that is not there."""
        try:
            target = self._stores.resolve(function)
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None
        try:
            self._permit(_named(target), caller)
        except CallRefused as refused:
            return refused.message
        return None

    def _permit(self, arn: str, caller: Caller) -> None:
        if caller.role_arn:
            reason = self._permissions.role_refusal(caller.role_arn, caller.session, _ACTION, arn)
        else:
            reason = self._permissions.service_refusal(
                caller.service, _ACTION, arn, source_arn=caller.source_arn, source_account=caller.account_id
            )
        if reason is not None:
            raise CallRefused("AccessDeniedException", reason, status=403)

    def _within(self, limit_seconds: float, run: Callable[[], FunctionAnswer]) -> FunctionAnswer:
        done = threading.Event()
        came: list[FunctionAnswer | CallRefused] = []

        def job() -> None:
            try:
                came.append(run())
            except CallRefused as refused:
                came.append(refused)
            finally:
                done.set()

        self._submit(job)
        if not done.wait(limit_seconds):
            raise CallTimedOut(f"no answer within {limit_seconds:g} seconds")
        if not came:
            raise CallRefused("ServiceException", "the call did not come to an end", status=500)
        if isinstance(came[0], CallRefused):
            raise came[0]
        return came[0]


def _named(target: Target) -> str:
    """The ARN that is called, with the qualifier."""
    return f"{target.configuration.arn}:{target.qualifier}" if target.qualifier else target.configuration.arn


def _error(payload: bytes, fault: Fault | None, member: str) -> str:
    """A member of the error document; of a fault without one, what it is."""
    if fault is None:
        return ""
    try:
        document = json.loads(payload)
    except ValueError:
        document = None
    if isinstance(document, dict) and isinstance(document.get(member), str):
        return str(document[member])
    return str((fault.error_type or "") if member == "errorType" else fault.message)
