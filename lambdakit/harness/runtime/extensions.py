"""The Extensions API of one environment: who registered for what, and who waits for the next event.

External extensions are processes of their own, started from `/opt/extensions` before the runtime; internal ones live in
the runtime's process. Calls come in from whoever polls the sockets. Knows nothing of processes or time.
Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lambdakit.harness.runtime.runtime_api import Call, accepted, refusal
from lambdakit.harness.wire import Response

PREFIX = "/2020-01-01/extension/"
EVENTS = frozenset({"INVOKE", "SHUTDOWN"})
EXTENSIONS_MAX = 10  # AWS Lambda quotas: extensions per function
_IDENTIFIER = "lambda-extension-identifier"


@dataclass(slots=True, kw_only=True)
class Extension:
    """A registered extension. waiting: its call of `event/next`; None while it works."""

    name: str
    external: bool
    events: frozenset[str]
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    waiting: Call | None = None
    ready: bool = False


class Extensions:
    """The extensions of one environment.

    expected: file names in `/opt/extensions`, each of which has to register.
    about: what a registration is answered with.
    on_change: called when one registered or came back for its next event.
    on_failure: called with the error type that one reported.
    """

    def __init__(
        self,
        *,
        expected: Sequence[str],
        about: Mapping[str, str],
        on_change: Callable[[], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._expected = frozenset(expected)
        self._about = about
        self._on_change = on_change
        self._on_failure = on_failure
        self._registered: dict[str, Extension] = {}
        self.closed_for_registration = False

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

    def on_call(self, call: Call) -> None:
        """Answers a call below `PREFIX`, or keeps it until there is an event."""
        what = call.request.path.removeprefix(PREFIX)
        if (call.request.method, what) == ("POST", "register"):
            self._register(call)
            return
        extension = self._registered.get(call.request.headers.get(_IDENTIFIER))
        if extension is None:
            call.answer(refusal(403, "Extension.InvalidExtensionIdentifier", "Invalid or missing extension identifier"))
            return
        match call.request.method, what:
            case "GET", "event/next":
                extension.waiting, extension.ready = call, True
                self._on_change()
            case "POST", "init/error" | "exit/error":
                kind = call.request.headers.get("lambda-extension-function-error-type") or "Extension.Unknown"
                call.answer(accepted())
                self._on_failure(kind)
            case _:
                call.answer(refusal(404, "NotFound", f"no such call: {call.request.method} {call.request.path}"))

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
        headers = [("Content-Type", "application/json"), ("Lambda-Extension-Identifier", extension.identifier)]
        call.answer(Response(status=200, headers=headers, body=json.dumps(self._about).encode()))
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


def _events(body: bytes) -> frozenset[str] | None:
    """The events that a registration asks for; None when it is malformed."""
    try:
        events = json.loads(body or b"{}").get("events", [])
        chosen = frozenset(events)
    except (ValueError, AttributeError, TypeError):
        return None
    return chosen if chosen <= EVENTS else None
