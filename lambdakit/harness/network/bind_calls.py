"""The calls by which a test says what stands for the world outside the harness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lambdakit.harness.network.bindings import Bindings

_NOT_RELAYED: Final = (
    "functions run here without a sandbox and reach whatever this machine does: nothing is relayed, and the hosts of "
    "the deployed resources lead nowhere; give the function the address of the server by a variable instead"
)


class BindCalls:
    """Changes the bindings; both calls return why that changes nothing here, empty when it does.

    functions: ARNs of those with an environment. retire: ends the environments of one, as they have no listener for
    what is relayed now. has_sandbox: whether anything can be relayed.
    """

    def __init__(
        self,
        bindings: Bindings,
        *,
        functions: Callable[[], Iterable[str]],
        retire: Callable[[str], None],
        has_sandbox: Callable[[], bool],
    ) -> None:
        self._bindings = bindings
        self._functions = functions
        self._retire = retire
        self._has_sandbox = has_sandbox

    def serve(self, call: Mapping[str, object]) -> str:
        """`{"bind": resource, "url": …}` or `{"allow": host}`. HarnessError for what cannot be."""
        if "allow" in call:
            return self.allow(str(call["allow"]))
        return self.bind(str(call.get("bind", "")), str(call.get("url", "")))

    def bind(self, resource: str, url: str) -> str:
        """See `Bindings.bind`."""
        self._bindings.bind(resource, url)
        return self._renew()

    def allow(self, host: str) -> str:
        """See `Bindings.allow`."""
        self._bindings.allow(host)
        return self._renew()

    def _renew(self) -> str:
        for arn in self._functions():
            self._retire(arn)
        return "" if self._has_sandbox() else _NOT_RELAYED
