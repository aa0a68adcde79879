"""Records for mappings whose source runs nowhere, on their way to the harness: which mapping, and as JSON.

A name may be what a deployment calls the mapping or its function; what no deployment knows, the harness may.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.errors import HarnessError
from lambdakit.session.deployment import Deployment
from lambdakit.session.lookup import find_one

_MAPPING: Final = "AWS::Lambda::EventSourceMapping"


def mapping_name(wanted: str, deployments: Sequence[Deployment]) -> str:
    """What the harness calls the mapping: its UUID, or its function's ARN; `wanted` itself where nobody knows it."""
    for deployment in deployments:
        for stack in deployment.stacks.values():
            for resource in stack.resources.values():
                if resource.type == _MAPPING and wanted in (resource.logical_id, resource.path, resource.physical_id):
                    return resource.physical_id
    functions = [function for deployment in deployments for function in deployment.functions]
    try:
        return find_one("function", wanted, functions).name
    except HarnessError:
        return wanted


def records_to_wire(records: Sequence[object]) -> list[Any]:
    """The records as JSON values: bytes become `{"$bytes": base64}`."""
    return [_to_wire(record) for record in records]


def _to_wire(value: object) -> Any:
    match value:
        case bytes() | bytearray():
            return {"$bytes": base64.b64encode(value).decode()}
        case Mapping():
            return {str(name): _to_wire(member) for name, member in value.items()}
        case list() | tuple():
            return [_to_wire(member) for member in value]
    return value
