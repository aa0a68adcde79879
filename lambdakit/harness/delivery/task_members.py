"""Members in the tasks of state machines: their names and values, as a machine and as a service's API have them.

Source: AWS Step Functions Developer Guide, "Learning to use AWS service SDK integrations in Step Functions": parameters
and results are in PascalCase, even where the service's own API is in camelCase.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape

_Value = Callable[[Any, Any], Any]


def to_api(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Gives the parameters of an operation the names and values of its API, in place. operation: as boto3's method."""
    shape = _shape(service, operation, "input_shape")
    if shape is not None:
        _rename(parameters, shape, _named_alike, _value_for_api)


def from_api(service: str, operation: str, result: object) -> None:
    """Gives an operation's result the names and values that a state machine has them by, in place."""
    shape = _shape(service, operation, "output_shape")
    if shape is not None:
        _rename(result, shape, _capital, _value_for_machine)


def _rename(value: Any, shape: Any, name_of: Any, value_of: _Value) -> Any:
    """The value, which is the same object where it has members."""
    if shape.type_name == "list" and isinstance(value, list):
        value[:] = [_rename(item, shape.member, name_of, value_of) for item in value]
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            value[key] = _rename(item, shape.value, name_of, value_of)
    elif shape.type_name == "structure" and isinstance(value, dict):
        for key in list(value):
            name = name_of(key, shape)
            member = shape.members.get(name) or shape.members.get(key)
            given = value.pop(key)
            if given is None and member is not None and value_of is _value_for_api:
                continue  # as if it were not given: a machine begins with no marker. Not confirmed by a page
            value[name] = given if member is None else _rename(given, member, name_of, value_of)
    else:
        return value_of(value, shape)
    return value


def _value_for_api(value: Any, shape: Any) -> Any:
    """Where a text is asked for, anything else is its JSON."""
    if value is None or isinstance(value, str | bytes) or shape.type_name not in ("string", "blob"):
        return value
    text = json.dumps(value, separators=(",", ":"))
    return text.encode() if shape.type_name == "blob" else text


def _value_for_machine(value: Any, shape: Any) -> Any:
    """What JSON can write: times in ISO 8601, bodies and other bytes as text, or in Base64 where they are none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if shape.type_name != "blob":
        return value
    content = value.read() if hasattr(value, "read") else value
    if not isinstance(content, bytes):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode()


def _named_alike(key: str, shape: Any) -> str:
    """The member that a key means; itself where there is none."""
    return next((name for name in shape.members if name.lower() == key.lower()), key)


def _capital(key: str, shape: Any) -> str:
    return key[:1].upper() + key[1:] if key in shape.members else key


def _shape(service: str, operation: str, which: str) -> Shape | None:
    model = _model(service)
    name = None if model is None else _operations(model).get(operation)
    if model is None or name is None:
        return None
    shape: Shape | None = getattr(model.operation_model(name), which)
    return shape


@functools.cache
def _model(service: str) -> ServiceModel | None:
    from boto3 import Session

    try:
        return Session()._session.get_service_model(service)
    except UnknownServiceError:
        return None


def _operations(model: ServiceModel) -> dict[str, str]:
    return {xform_name(name): name for name in model.operation_names}
