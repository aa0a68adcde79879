"""How the functions behind custom resources are asked, and where they send their answers: a URL that takes one.

On AWS it is a pre-signed URL of S3; here the harness's endpoint serves it.
Source: CloudFormation Template Reference, "Custom resource response objects".
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Sequence

from lambdakit.harness.deployment.unserved_calls import unserved_calls
from lambdakit.harness.deployment.wait_signals import WaitSignals
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import TraceEvent

_PATH = re.compile(r"/_lambdakit/custom-resources/([A-Za-z0-9_-]+)")


class PendingResponse:
    """An answer that is waited for. url: where it is to be sent, with PUT."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.body: bytes | None = None
        self.arrived = threading.Event()


class CustomResourceCalls:
    """Asks functions, and takes their answers. signals: those of wait conditions, which come the same way.

    base_url: given the ARN of a function, where it finds the harness, without a trailing slash; empty for what is none.
    invoke: runs a function to its end; the text of its fault, empty when it has none. ServiceFault when it is not run.
    quiet: whether nothing is under way in the harness, so that no answer can come any more.
    events: those of the trace.
    """

    def __init__(
        self,
        *,
        base_url: Callable[[str], str],
        invoke: Callable[[str, bytes], str],
        quiet: Callable[[], bool],
        events: Callable[[], Sequence[TraceEvent]] = lambda: (),
    ) -> None:
        self._base_url = base_url
        self._events = events
        self.invoke = invoke
        self.quiet = quiet
        self.signals = WaitSignals()
        self._pending: dict[str, PendingResponse] = {}
        self._lock = threading.Lock()

    def expect(self, function: str) -> PendingResponse:
        """A URL for one request to the function with this ARN; empty for what listens to a topic and is none."""
        token = secrets.token_urlsafe(24)
        pending = PendingResponse(f"{self._base_url(function)}/_lambdakit/custom-resources/{token}")
        with self._lock:
            self._pending[token] = pending
        return pending

    def forget(self, pending: PendingResponse) -> None:
        """An answer that comes later is refused."""
        with self._lock:
            self._pending.pop(pending.url.rpartition("/")[2], None)

    def unserved(self, request_id: str) -> Sequence[str]:
        """The operations that nothing here serves, and that the functions behind a request called."""
        return unserved_calls(self._events(), request_id)

    def serve(self, request: Request) -> Response | None:
        """The answer to a request to such a URL, or to that of a wait condition; None for any other path."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return self.signals.serve(request)
        with self._lock:
            pending = self._pending.get(match[1])
        if pending is None or request.method != "PUT":
            return Response(status=403, headers=[("Content-Type", "application/xml")], body=b"<Error/>")
        # Only the first one counts: CloudFormation has gone on by the second.
        if not pending.arrived.is_set():
            pending.body = request.body
            pending.arrived.set()
        return Response(status=200)
