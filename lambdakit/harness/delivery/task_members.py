"""Names of members in the tasks of state machines: with a capital letter there, as the service has them in its API.

Source: AWS Step Functions Developer Guide, "Using AWS SDK service integrations": parameters and results are in
PascalCase, even where the service's own API is in camelCase.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape


def to_api(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Gives the parameters of an operation the names of its API, in place. operation: as boto3's method."""
    shape = _shape(service, operation, "input_shape")
    if shape is not None:
        _rename(parameters, shape, _named_alike)


def from_api(service: str, operation: str, result: object) -> None:
    """Gives an operation's result the names that a state machine has them by, in place."""
    shape = _shape(service, operation, "output_shape")
    if shape is not None:
        _rename(result, shape, _capital)


def _rename(value: Any, shape: Any, name_of: Any) -> None:
    if shape.type_name == "list" and isinstance(value, list):
        for item in value:
            _rename(item, shape.member, name_of)
    elif shape.type_name == "map" and isinstance(value, dict):
        for item in value.values():
            _rename(item, shape.value, name_of)
    elif shape.type_name == "structure" and isinstance(value, dict):
        for key in list(value):
            name = name_of(key, shape)
            member = shape.members.get(name) or shape.members.get(key)
            value[name] = value.pop(key)
            if member is not None:
                _rename(value[name], member, name_of)


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
