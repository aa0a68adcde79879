"""EventBridge's connections, as whoever makes a request with one needs them.

Private surface used: `moto.events.models.events_backends` with `connections`, whose objects have `arn`, `state`,
`authorization_type`, `auth_parameters` and `secret_arn`.
Canary: tests/behaviour/test_behaviour_state_machine_requests.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection. state: as the API names it. secret_arn: of the secret that has its parameters.

    authorization: its kind. parameters: as they were made.
    """

    arn: str
    state: str
    secret_arn: str
    authorization: str
    parameters: Mapping[str, Any]


def find_connection(arn: str) -> Connection | None:
    """The connection with an ARN; None when there is none."""
    models: Any = loaded("moto.events.models")
    parts = arn.split(":")
    if models is None or len(parts) != 6:
        return None
    backend = models.events_backends[parts[4]][parts[3]]
    kept = next((one for one in list(backend.connections.values()) if one.arn == arn), None)
    if kept is None:
        return None
    return Connection(
        arn=kept.arn,
        state=kept.state,
        secret_arn=kept.secret_arn,
        authorization=kept.authorization_type,
        parameters=kept.auth_parameters or {},
    )
