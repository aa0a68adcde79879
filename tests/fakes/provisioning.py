"""Resources made by their provisioners in an account of their own, without templates or stacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.custom_resource_responses import CustomResourceCalls
from lambdakit.harness.deployment.property_tree import unread
from lambdakit.harness.deployment.provisioner import Capturing, Context, Created, Resource
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.deployment.registry import PROVISIONERS

ACCOUNT_ID = "111122223333"
REGION = "eu-west-1"

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One type's test of create, update and delete.

    first, second: properties that differ only in what is changed in place. A string `@Other` stands for the `Ref` of
    another resource of `needs`, `@Other.Arn` for its attribute.
    read: what the service says of the resource now; raises or is empty when it is gone.
    shows: what of that must be so after the creation, and after the update.
    """

    type: str
    first: Properties
    second: Properties
    read: Callable[[Provisioning, Created], Any]
    shows: tuple[Any, Any]
    needs: Mapping[str, tuple[str, Properties]] = field(default_factory=dict)


class Provisioning:
    """Creates, changes and deletes resources as a deployment would, one at a time."""

    def __init__(self, account: Account, directory: Path, stack: str) -> None:
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731  # four times the same
        unused = cast("Any", None)
        self.files: dict[tuple[str, str], Path] = {}
        self.opened: list[str] = []
        self.notes: list[tuple[str, str]] = []
        self.directory = directory
        self.context = Context(
            account=account,
            functions=unused,
            layers=unused,
            code=unused,
            doors=FrontDoors(),
            clock=HarnessClock(),
            asset=lambda bucket, key: self.files.get((bucket, key)),
            note=lambda about, note: self.notes.append((about, note)),
            retire=nothing,
            open_http_api=lambda api_id, region, account_id: self.opened.append(api_id),
            open_websocket_api=lambda api_id, region, account_id: self.opened.append(api_id),
            flush_logs=nothing,
            custom_resources=CustomResourceCalls(
                base_url=lambda function: "", invoke=lambda function, payload: "", quiet=lambda: True
            ),
        )
        self.made: dict[str, Created] = {}
        self._stack = stack
        self._ids = itertools.count()

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        return self.context.account.client(service, REGION, ACCOUNT_ID)

    def create(
        self, type_name: str, properties: Properties, *, logical_id: str | None = None, generation: int = 0
    ) -> Created:
        """A resource that is there now. Its properties are all known."""
        name = logical_id or f"R{next(self._ids)}"
        resolved = self.resolved(properties)
        resource = Resource(
            stack=self._stack,
            stack_id=f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{self._stack}/1",
            logical_id=name,
            type=type_name,
            properties=resolved,
            account_id=ACCOUNT_ID,
            region=REGION,
            generation=generation,
        )
        self._all_known(resource)
        created = Created(resource=resource, provisioned=PROVISIONERS[type_name].create(resource, self.context))
        self.made[name] = created
        return created

    def update(self, created: Created, properties: Properties) -> Created:
        """The resource as it was changed in place."""
        resource = replace(created.resource, properties=self.resolved(properties))
        self._all_known(resource)
        provisioned = PROVISIONERS[resource.type].update(created, resource, self.context)
        changed = Created(resource=resource, provisioned=provisioned, captured=created.captured)
        self.made[resource.logical_id] = changed
        return changed

    def delete(self, created: Created) -> None:
        """Deletes the resource."""
        PROVISIONERS[created.resource.type].delete(created, self.context)
        self.made.pop(created.resource.logical_id, None)

    def captured(self, created: Created) -> Created:
        """The resource at the end of its deployment."""
        provisioner = PROVISIONERS[created.resource.type]
        assert isinstance(provisioner, Capturing)
        return replace(created, captured=provisioner.capture(created, self.context))

    def reset(self, created: Created) -> None:
        """Brings back what the resource held."""
        PROVISIONERS[created.resource.type].reset(created, self.context)

    def close(self) -> None:
        """Deletes what is left, the newest first."""
        for created in reversed(list(self.made.values())):
            self.delete(created)

    def resolved(self, value: Any) -> Any:
        """`value` with each `@Other` and `@Other.Attribute` in place."""
        if isinstance(value, Mapping):
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        name, _, attribute = value[1:].partition(".")
        provisioned = self.made[name].provisioned
        return provisioned.attributes[attribute] if attribute else provisioned.physical_id

    def _all_known(self, resource: Resource) -> None:
        unknown = list(unread(PROVISIONERS[resource.type].properties, resource.properties, resource.type))
        assert not unknown, unknown


def follow(provisioning: Provisioning, row: Row) -> None:
    """Walks a resource through its life: created, changed, changed back, deleted twice, created as it was changed."""
    for name, (type_name, properties) in row.needs.items():
        provisioning.create(type_name, properties, logical_id=name)

    created = provisioning.create(row.type, row.first, logical_id="It")
    at_first = row.read(provisioning, created)
    assert_shows(at_first, provisioning.resolved(row.shows[0]))

    changed = provisioning.update(created, row.second)
    then = row.read(provisioning, changed)
    assert_shows(then, provisioning.resolved(row.shows[1]))
    assert changed.provisioned.physical_id == created.provisioned.physical_id

    back = provisioning.update(changed, row.first)
    restored = row.read(provisioning, back)
    assert restored == at_first, f"{restored!r} is not {at_first!r}"

    provisioning.delete(back)
    provisioning.delete(back)
    assert not is_there(row, provisioning, back)

    anew = provisioning.create(row.type, row.second, logical_id="It")
    assert_shows(row.read(provisioning, anew), provisioning.resolved(row.shows[1]))
    assert anew.provisioned.attributes.keys() >= created.provisioned.attributes.keys()


def is_there(row: Row, provisioning: Provisioning, created: Created) -> bool:
    """Whether the service still knows of the resource."""
    client_error = provisioning.client("sts").exceptions.ClientError
    try:
        return bool(row.read(provisioning, created))
    except (client_error, LookupError, StopIteration):
        return False


def assert_shows(seen: Any, wanted: Any, place: str = "it") -> None:
    """Every value of `wanted` is in `seen`; a mapping may have more."""
    if isinstance(wanted, Mapping):
        assert isinstance(seen, Mapping), f"{place} is {seen!r}"
        for key, value in wanted.items():
            assert key in seen, f"{place} has no {key}: {seen!r}"
            assert_shows(seen[key], value, f"{place}.{key}")
    else:
        assert seen == wanted, f"{place} is {seen!r}, not {wanted!r}"
