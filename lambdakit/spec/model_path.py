"""Where in the document, and in which model, an error of pydantic's lies.

pydantic's location names the tag of a union's member between the keys (`routes`, `GET /`, `own`, `code`) and
ends in `[key]` when the key itself is wrong. Keys can have any name, so both are told apart by walking the models'
types along the location.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator, Tag

from lambdakit.records import dataclass
from lambdakit.spec.kinds import KIND, TYPE
from lambdakit.spec.pointer import Pointer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class ModelPath:
    """What an error's location leads to.

    pointer: the document's keys along the location.
    model: the one whose field, or unknown key, the last step is; None when the last step is no such thing.
    annotation: the type that was expected there; None when it is not known.
    at_key: the key at the pointer is wrong, not its value.
    """

    pointer: Pointer
    model: type[BaseModel] | None
    annotation: Any
    at_key: bool = False


def walk(root: type[BaseModel], error: ErrorDetails) -> ModelPath:
    """The path from the root model to the error."""
    location = error["loc"]
    current: Any = root
    model: type[BaseModel] | None = None
    pointer: list[str | int] = []
    tags: tuple[str | int, ...] = ()
    for place, step in enumerate(location):
        members = _tagged_members(current)
        if members is not None:
            # Of a union within a union, the outer one's tags are what its key may say.
            current, tags = members.get(step), tags or tuple(members)
            continue
        current = _without_wrapping(current)
        pointer.append(step)
        model = None
        if isinstance(current, type) and issubclass(current, BaseModel):
            model = current
            named = current.model_fields.get(step) if isinstance(step, str) else None
            current = _written_type(named) if named is not None else None
            if step in (KIND, TYPE) and tags:
                # Of all members of the union, not only of the one that an unknown kind was taken for.
                current = Literal[tags]
            tags = ()
        elif get_origin(current) is dict:
            key_type, current = get_args(current)
            # An unknown key of that name has the same location, and a type of pydantic's own.
            if location[place + 1 :] == ("[key]",) and error["type"].startswith("LK"):
                return ModelPath(tuple(pointer), None, key_type, at_key=True)
        else:
            current = get_args(current)[0] if get_origin(current) is list else None
    return ModelPath(tuple(pointer), model, current)


def _written_type(field: FieldInfo) -> Any:
    """The field's type as it was written: pydantic keeps what stood in `Annotated`, a union's tag among it, apart."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _tagged_members(annotation: Any) -> dict[str | int, Any] | None:
    """The members of a union by their tags; None when it is no union that a function tells apart."""
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        annotation = next(member for member in get_args(annotation) if member is not type(None))
    if get_origin(annotation) in (Union, types.UnionType):
        present = [member for member in get_args(annotation) if member is not type(None)]
        return _tagged_members(present[0]) if len(present) == 1 else None
    if get_origin(annotation) is not Annotated:
        return None
    union, *metadata = get_args(annotation)
    if not any(isinstance(item, Discriminator) for item in metadata):
        return None
    return {item.tag: member for member in get_args(union) for item in get_args(member)[1:] if isinstance(item, Tag)}


def _without_wrapping(annotation: Any) -> Any:
    """The type without `Annotated` and `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            annotation = next(member for member in get_args(annotation) if member is not type(None))
        else:
            return annotation
