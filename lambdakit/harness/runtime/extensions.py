"""The Extensions API of one environment: who registered for what, and who waits for the next event.

External extensions are processes of their own, started from `/opt/extensions` before the runtime; internal ones live in
the runtime's process. Calls come in from whoever polls the sockets. Knows nothing of processes or time.
Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from lambdakit.harness.runtime import telemetry_subscription
from lambdakit.harness.runtime.external_extensions import LostExtension
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtime_api import Call, refusal
from lambdakit.harness.runtime.telemetry_subscription import Api
from lambdakit.harness.wire import Response
from lambdakit.records import dataclass

PREFIX = "/2020-01-01/extension/"
EVENTS = frozenset({"INVOKE", "SHUTDOWN"})
EXTENSIONS_MAX = 10  # AWS Lambda quotas: extensions per function
_IDENTIFIER = "lambda-extension-identifier"
_FAILURES = {"init/error": "Extension.InitError", "exit/error": "Extension.ExitError"}

Subscribe = Callable[[str, Api, bytes], None]
"""Takes a subscription to telemetry: an extension's name, the API and the body. InvalidSubscription when it cannot."""


@dataclass(slots=True, kw_only=True)
class Extension:
    """A registered extension. waiting: its call of `event/next`; None while it works.

    failure: the error type that its report makes of its end, and the one that the report names; None without a report.
    """

    name: str
    external: bool
    events: tuple[str, ...]
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    waiting: Call | None = None
    ready: bool = False
    failure: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFailure:
    """An extension that takes the environment with it. shown_type: the error type that the log shows."""

    name: str
    events: tuple[str, ...]
    error_type: str
    shown_type: str
    reason: str


class Extensions:
    """The extensions of one environment.

    expected: file names in `/opt/extensions`, each of which has to register.
    configuration: what a registration is told of.
    failure: of the one that takes the environment with it; None while there is none.
    on_change: called when one registered or came back for its next event.
    on_failure: called when one in the runtime's process reports that it cannot go on.
    subscribe: takes its subscriptions to telemetry.
    """

    def __init__(
        self,
        *,
        expected: Sequence[str],
        configuration: FunctionConfiguration,
        on_change: Callable[[], None],
        on_failure: Callable[[ExtensionFailure], None],
        subscribe: Subscribe,
    ) -> None:
        self._expected = frozenset(expected)
        self._configuration = configuration
        self._on_change = on_change
        self._on_failure = on_failure
        self._subscribe = subscribe
        self._registered: dict[str, Extension] = {}
        self.closed_for_registration = False
        self.init_is_over = False
        self.failure: ExtensionFailure | None = None

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self._registered) or bool(self._expected)

    @property
    def all_registered(self) -> bool:
        """Whether every external extension registered."""
        return self._expected <= {extension.name for extension in self._registered.values()}

    @property
    def all_ready(self) -> bool:
        """Whether all have registered and wait for an event: the end of the init phase and of each invocation."""
        return self.all_registered and all(extension.ready for extension in self._registered.values())

    def registered(self) -> list[Extension]:
        """Those that registered, in order."""
        return list(self._registered.values())

    def fail_with(self, lost: LostExtension) -> ExtensionFailure:
        """What the end of an external extension comes to: what it reported before, if it did, else a crash."""
        known = next((one for one in self._registered.values() if one.name == lost.name), None)
        if lost.launch_error is not None:
            failure = "Extension.LaunchError", lost.launch_error
        else:
            failure = (None if known is None else known.failure) or ("Extension.Crash", "Extension.Crash")
        error_type, shown_type = failure
        self.failure = ExtensionFailure(
            name=lost.name,
            events=() if known is None else known.events,
            error_type=error_type,
            shown_type=shown_type,
            reason=lost.reason,
        )
        return self.failure

    def tell_invoke(self, *, deadline_ms: int, request_id: str, arn: str, trace_id: str) -> None:
        """Hands the INVOKE event, which carries no payload, to those that asked for it."""
        event = {
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": request_id,
            "invokedFunctionArn": arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id},
        }
        self._tell("INVOKE", event)

    def tell_shutdown(self, *, reason: str, deadline_ms: int) -> None:
        """Hands the SHUTDOWN event to those that asked for it and wait. reason: `SPINDOWN`, `TIMEOUT` or `FAILURE`."""
        self._tell("SHUTDOWN", {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms})

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a call to `path` is the extensions' rather than the runtime's."""
        return path.startswith(PREFIX) or path.rstrip("/") in telemetry_subscription.PATHS

    def on_call(self, call: Call) -> None:
        """Answers a call that `serves` says is to come here, or keeps it until there is an event."""
        method, path = call.request.method, call.request.path
        if (method, path) == ("POST", PREFIX + "register"):
            self._register(call)
            return
        extension = self._registered.get(call.request.headers.get(_IDENTIFIER))
        if extension is None or extension.failure is not None:  # after a report "no further API calls succeed"
            call.answer(refusal(403, "Extension.InvalidExtensionIdentifier", "Invalid or missing extension identifier"))
            return
        api = telemetry_subscription.PATHS.get(path.rstrip("/"))
        match method, path.removeprefix(PREFIX):
            case "PUT", _ if api is not None:
                self._subscribe_to(api, extension, call)
            case "GET", "event/next":
                extension.waiting, extension.ready = call, True
                self._on_change()
            case "POST", "init/error" | "exit/error" as what:
                self._take_report(extension, _FAILURES[what], call)
            case _:
                call.answer(refusal(404, "NotFound", f"no such call: {method} {path}"))

    def _take_report(self, extension: Extension, error_type: str, call: Call) -> None:
        """An external one is to exit now, and the environment ends with that; an internal one has no process."""
        shown_type = call.request.headers.get("lambda-extension-function-error-type") or "Extension.Unknown"
        extension.failure = error_type, shown_type
        call.accept()
        if not extension.external:
            self.failure = ExtensionFailure(
                name=extension.name,
                events=extension.events,
                error_type=error_type,
                shown_type=shown_type,
                reason=shown_type,
            )
            self._on_failure(self.failure)

    def _subscribe_to(self, api: Api, extension: Extension, call: Call) -> None:
        """Source for the refusal after the init phase: open-telemetry/opentelemetry-lambda, pull request 1452."""
        if self.init_is_over:
            message = f"{api} API subscription is closed already"
            call.answer(refusal(403, f"{api}.SubscriptionClosed", message))
            return
        try:
            self._subscribe(extension.name, api, call.request.body)
        except telemetry_subscription.InvalidSubscription as invalid:
            # The two pages name it differently.
            error_type = "ValidationError" if api is Api.TELEMETRY else "Logs.ValidationError"
            call.answer(refusal(400, error_type, str(invalid)))
        else:
            call.answer(Response(status=200, headers=[("Content-Type", "application/json")], body=b'"OK"\n'))

    def _register(self, call: Call) -> None:
        name = call.request.headers.get("lambda-extension-name")
        events = _events(call.request.body)
        external = name in self._expected
        if not name or events is None:
            call.answer(refusal(400, "InvalidRequestFormat", "a name and a list of INVOKE and SHUTDOWN are needed"))
        elif not external and "SHUTDOWN" in events:
            message = "an internal extension cannot register for SHUTDOWN"
            call.answer(refusal(400, "Extension.InvalidEventType", message))
        elif self.closed_for_registration or any(known.name == name for known in self._registered.values()):
            call.answer(refusal(403, "Extension.RegistrationClosed", f"{name} cannot register any more"))
        elif len(self._registered) == EXTENSIONS_MAX:
            call.answer(refusal(403, "Extension.TooManyExtensions", f"at most {EXTENSIONS_MAX} can register"))
        else:
            self._accept(call, Extension(name=name, external=external, events=events))

    def _accept(self, call: Call, extension: Extension) -> None:
        # An internal extension that asks for no event has nothing to wait for.
        extension.ready = not extension.external and not extension.events
        self._registered[extension.identifier] = extension
        about = {
            "functionName": self._configuration.name,
            "functionVersion": self._configuration.version,
            "handler": self._configuration.handler,
        }
        features = call.request.headers.get("lambda-extension-accept-feature").split(",")
        if "accountId" in {feature.strip() for feature in features}:
            about["accountId"] = self._configuration.account_id
        headers = [("Content-Type", "application/json"), ("Lambda-Extension-Identifier", extension.identifier)]
        call.answer(Response(status=200, headers=headers, body=json.dumps(about).encode()))
        self._on_change()

    def _tell(self, kind: str, event: Mapping[str, object]) -> None:
        body = json.dumps(event, separators=(",", ":")).encode()
        for extension in self._registered.values():
            waiting = extension.waiting
            if kind in extension.events and waiting is not None:
                extension.waiting, extension.ready = None, False
                headers = [
                    ("Content-Type", "application/json"),
                    ("Lambda-Extension-Identifier", extension.identifier),
                    ("Lambda-Extension-Event-Identifier", str(uuid.uuid4())),
                ]
                waiting.answer(Response(status=200, headers=headers, body=body))


def _events(body: bytes) -> tuple[str, ...] | None:
    """The events that a registration asks for; None when it is malformed."""
    try:
        events = json.loads(body or b"{}").get("events", [])
        chosen = tuple(dict.fromkeys(events))
    except (ValueError, AttributeError, TypeError):
        return None
    return chosen if EVENTS >= set(chosen) else None
