"""What a stack tells of an API backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdakit.constructs.rest_door import RestDoor
from lambdakit.constructs.websocket_api import WebSocketDoor

if TYPE_CHECKING:
    from lambdakit.constructs.api_backend import ApiBackend
    from lambdakit.constructs.api_door import ApiDoor


def api_outputs(backend: ApiBackend, id: str, door: ApiDoor) -> Mapping[str, tuple[str, str]]:
    """Value and description of each output, by the end of its name. id: the backend's."""
    outputs = {"Url": (backend.url, f"Address of the API of {id}")}
    if backend.table is not None:
        outputs["TableName"] = (backend.table.table_name, f"Name of the table of {id}")
    if backend.user_pool is not None and backend.user_pool_client is not None:
        outputs["UserPoolId"] = (backend.user_pool.user_pool_id, f"Id of the user pool of {id}")
        outputs["UserPoolClientId"] = (backend.user_pool_client.user_pool_client_id, f"Id of the client of {id}")
    if isinstance(door, RestDoor) and door.api_key is not None:
        outputs["ApiKeyId"] = (door.api_key.key_id, f"Id of the API key of {id}")
    if isinstance(door, WebSocketDoor):
        outputs["ConnectionsUrl"] = (door.connections_url, f"Where the connections of {id} are written to")
    if backend.dashboard is not None:
        outputs["DashboardName"] = (backend.dashboard.ref, f"Name of the dashboard of {id}")
    if door.domain_target is not None:
        outputs["DomainTarget"] = (door.domain_target, f"What the DNS record of {id} points to")
    return outputs
