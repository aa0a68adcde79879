"""What a REST API answers for itself: the kinds of gateway responses, with their status and text.

Source: API Gateway Developer Guide, "Gateway response types for API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lambdakit.harness.routing.rest.exchange import RestAuthorized


class Refused(Exception):
    """The API answers for itself.

    kind: a gateway response type, such as `UNAUTHORIZED`. problem: why, for the trace. message:
    `$context.error.message`; empty for the kind's own. details: further variables below `$context.error`, such as
    `validationErrorString`. authorized: what the authorizer told of whom it does not let in, for
    `$context.authorizer`; None where it told nothing.
    """

    def __init__(
        self,
        kind: str,
        problem: str,
        *,
        message: str = "",
        details: Mapping[str, str] = MappingProxyType({}),
        authorized: RestAuthorized | None = None,
    ) -> None:
        super().__init__(problem)
        self.kind = kind
        self.problem = problem
        self.message = message
        self.details = details
        self.authorized = authorized
