"""An operation's output as the response that its shape describes.

Source: Smithy's "AWS restJson1 protocol", as botocore's rest-json parser reads it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.lambda_service.api_model import Operation, Shape
from lambdakit.harness.wire import Response

Output = Mapping[str, Any]


def write_response(operation: Operation, output: Output) -> Response:
    """The response. A member that the shape does not have is a fault of ours: KeyError."""
    status = int(operation.http.get("responseCode", 200))
    shape = operation.output_shape
    if shape is None:
        return Response(status=status)
    body: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    for name, value in output.items():
        member = shape.members[name]
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "statusCode":
                status = int(value)
            case "header":
                headers.append((wire_name, str(value)))
            case _ if value is not None:
                body[wire_name] = json_value(member, value)
    if status == 204:
        return Response(status=status, headers=headers)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status=status, headers=[("Content-Type", "application/json"), *headers], body=content)


def json_value(shape: Shape, value: Any) -> Any:
    """A Python value as JSON carries it; members that are None are left out."""
    match shape.type_name:
        case "structure":
            return {
                shape.members[name].serialization.get("name", name): json_value(shape.members[name], item)
                for name, item in value.items()
                if item is not None
            }
        case "list":
            return [json_value(shape.member, item) for item in value]
        case "map":
            return {str(key): json_value(shape.value, item) for key, item in value.items()}
        case "blob":
            return base64.b64encode(value).decode()
        case "timestamp":
            return _timestamp(shape, value)
    return value


def _timestamp(shape: Shape, value: datetime) -> object:
    """Seconds since 1970 unless the shape says otherwise (Smithy, "Timestamp formats")."""
    if shape.serialization.get("timestampFormat") == "iso8601":
        return value.isoformat().replace("+00:00", "Z")
    return value.timestamp()
