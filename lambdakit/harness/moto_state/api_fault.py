"""A refusal of ours inside an operation of moto, told as moto tells its own.

Private surface used: `moto.core.exceptions.JsonRESTError` with its `code`, the HTTP status.
Canary: tests/unit/harness/test_harness_moto_event_buses.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class ApiFault(Exception):
    """What a service refuses a request with. code: the exception of its API. status: of the HTTP answer."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@contextlib.contextmanager
def told_by_moto() -> Iterator[None]:
    """Turns the `ApiFault` of its block into the answer to the request that moto is working at."""
    try:
        yield
    except ApiFault as fault:
        from moto.core.exceptions import JsonRESTError

        refusal = JsonRESTError(fault.code, fault.message)
        refusal.code = fault.status
        raise refusal from None
