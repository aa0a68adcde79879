"""What is alike in the provisioners of services that change a resource piece by piece.

A resource is made, then brought into its state by settings; an update applies those settings that differ. So a
resource that was updated is as one that was created so, and a failed update goes back the way it came.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.presence import is_there as is_there
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Provisioner,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.service_call import tag_map
from lambdakit.records import dataclass

Properties = Mapping[str, Any]


class HoldsNothing:
    """A resource without contents: nothing to bring back."""

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A part of a resource that one or a few calls change.

    of: the properties that it follows from.
    apply: takes the resource from the first properties to the second; those of a new resource are empty.
    """

    of: tuple[str, ...]
    apply: Callable[[Properties, Properties], object]


def tags_setting(
    put: Callable[[dict[str, str]], object], remove: Callable[[list[str]], object], *, name: str = "Tags"
) -> Setting:
    """The tags. put: adds and overwrites. remove: takes away by key."""

    def apply(old: Properties, new: Properties) -> None:
        before, after = tag_map(old.get(name)), tag_map(new.get(name))
        gone = [key for key in before if key not in after]
        if gone:
            remove(gone)
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        if changed:
            put(changed)

    return Setting((name,), apply)


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the list that most APIs take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def change(settings: Iterable[Setting], old: Properties, new: Properties) -> None:
    """Applies the settings that differ, in order. When one fails, it and those before it are taken back."""
    with contextlib.ExitStack() as undo:
        for setting in settings:
            if any(old.get(name) != new.get(name) for name in setting.of):
                undo.callback(setting.apply, new, old)
                setting.apply(old, new)
        undo.pop_all()


def remake(provisioner: Provisioner, created: Created, resource: Resource, context: Context) -> Provisioned:
    """Deletes a resource and creates it as it shall be; as it was, when that fails.

    For what keeps its name and ARN so, holds nothing, and has no operation of the API that would change it in moto.
    """
    provisioner.delete(created, context)
    with undone_on_failure(lambda: _again(provisioner, created, context)):
        return provisioner.create(resource, context)


def _again(provisioner: Provisioner, created: Created, context: Context) -> None:
    provisioner.create(created.resource, context)


def given(properties: Properties, *names: str) -> dict[str, Any]:
    """Those of the named properties that are given."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def without(properties: Properties, *names: str) -> dict[str, Any]:
    """The properties but for those named."""
    return {name: value for name, value in properties.items() if name not in names}


def difference(old: Sequence[Any] | None, new: Sequence[Any] | None) -> tuple[list[Any], list[Any]]:
    """What only the first list has, and what only the second."""
    before, after = old or [], new or []
    return [item for item in before if item not in after], [item for item in after if item not in before]


@contextlib.contextmanager
def unless_gone(*codes: str) -> Iterator[None]:
    """Forgives a service's answer that the thing is not there. codes: its error codes for that."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def already_exists(resource: Resource, identifier: str, name_property: str) -> ResourceRefused:
    """The refusal of a name that is taken, in the words of CloudFormation's resource handlers."""
    return ResourceRefused(
        f"Resource of type '{resource.type}' with identifier '{identifier}' already exists.",
        property_pointer=name_property,
    )
