"""Provisioners that are told instead of written: an operation creates, another reads, others change and delete.

Everything said is an expression (see `expressions`) over one object:
    p: the resource's properties, with defaults and the generated name      name: that name
    ref, att: what Ref and Fn::GetAtt give       made, found: the answers of the creating and the reading operations
    was: the properties before an update         account, region, stack, logical_id: whose it is
    added, removed: what an update brings to and takes from each property that is a list
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.expressions import evaluate
from lambdakit.harness.deployment.request_shapes import convert, input_shape, matching
from lambdakit.harness.deployment.service_call import tag_map
from lambdakit.records import dataclass

# The parts of the services' error codes that say that something is not there.
_GONE: Final = re.compile(r"NotFound|NoSuch|NotExist|DoesNotExist|404|\.Unknown")
# What moto raises where the service would say that something is not there: it looks things up without asking.
_UNFOUND: Final = (AttributeError, LookupError, StopIteration)
# The same, as it comes through the account's front.
_LOST: Final = re.compile(r"^moto failed to answer: (AttributeError|IndexError|KeyError|StopIteration)")
# Makes of the old and the new value of a property the one that an update gives.
Completed = Callable[[Any, Any], Any]
_PROPERTY: Final = re.compile(r"\b(?:p|was|added|removed)\.(\w+)")


def call(operation: str, when: str = "", **arguments: str) -> Call:
    """A request that takes `arguments` only."""
    return Call(operation=operation, arguments=arguments, filled=False, when=when)


def properties_of(*, read: str, recorded: str = "") -> PropertyTree:
    """A type's properties, by their names.

    read: what the service's API is given. recorded: what it has no place for.
    """
    return {**dict.fromkeys(read.split(), READ), **dict.fromkeys(recorded.split(), RECORDED)}


def resets(defaults: Mapping[str, str], *, key: str = "Key", value: str = "Value") -> Completed:
    """For a list of settings by name: those that are no more get their defaults.

    defaults: by name; one that has none is not reset. key, value: the members of an item.
    """

    def completed(before: Any, after: Any) -> list[Any]:
        now = list(after or ())
        named = {str(item.get(key)) for item in now}
        gone = [str(item.get(key)) for item in before or () if str(item.get(key)) not in named]
        return [*now, *({key: name, value: defaults[name]} for name in gone if name in defaults)]

    return completed


def is_gone(error: ClientError) -> bool:
    """Whether a service says that what is to be deleted is not there."""
    said = error.response["Error"]
    return _GONE.search(str(said.get("Code", ""))) is not None or _LOST.search(str(said.get("Message"))) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. Its arguments are the properties that the operation has a member for, and `arguments` before them.

    arguments: member -> expression; a null is left out. renamed: property -> member; empty for one to keep out.
    filled: False for a request that takes `arguments` only. when: made only when this expression gives something.
    """

    operation: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    filled: bool = True
    when: str = ""

    def request(self, client: Any, scope: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arguments for the client's method; None when the request is not to be made."""
        if self.when and evaluate(self.when, scope) in (None, False, "", [], {}):
            return None
        shape = input_shape(client, self.operation)
        values = {}
        if self.filled:
            properties = scope["p"]
            values = {member: properties[name] for member, name in matching(shape, properties, self.renamed)}
        values |= {member: evaluate(expression, scope) for member, expression in self.arguments.items()}
        return {
            member: convert(shape.members[member], value)
            for member, value in values.items()
            # `a && b` is false where nothing is to be said.
            if value is not None and (value is not False or shape.members[member].type_name == "boolean")
        }

    def takes(self, client: Any, properties: Mapping[str, Any]) -> set[str]:
        """Which of the properties the request follows from."""
        said = _PROPERTY.findall(" ".join((*self.arguments.values(), self.when)))
        filled = matching(input_shape(client, self.operation), properties, self.renamed) if self.filled else ()
        return {*said, *(name for _, name in filled)}

    def send(self, client: Any, scope: Mapping[str, Any]) -> Any:
        """The service's answer; None when the request is not to be made."""
        request = self.request(client, scope)
        return None if request is None else getattr(client, self.operation)(**request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """How tags of what is there are changed. target: the member that says of what. of: the expression for its value."""

    tag: str
    untag: str
    target: str
    of: str = "ref"

    def change(self, client: Any, scope: Mapping[str, Any], old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Sets the tags that are new or have another value, and takes off those that are no more."""
        target = evaluate(self.of, scope)
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        removed = [key for key in old if key not in new]
        if changed:
            self._send(client, self.tag, target, [{"Key": key, "Value": value} for key, value in changed.items()])
        if removed:
            self._send(client, self.untag, target, removed)

    def _send(self, client: Any, operation: str, target: Any, tags: list[Any]) -> None:
        shape = input_shape(client, operation)
        member = next(name for name in shape.members if "tag" in name.lower() and name != self.target)
        item = getattr(shape.members[member], "member", None)
        if item is not None and item.type_name == "structure":
            tags = [tag if isinstance(tag, dict) else {"Key": tag} for tag in tags]
        getattr(client, operation)(
            **{self.target: convert(shape.members[self.target], target), member: convert(shape.members[member], tags)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MotoBacked:
    """A type that moto keeps.

    made_by: creates it. completed_by: what follows. read_by: reads it, for the attributes.
    changed_by: each is made when what it takes differs. deleted_by: in this order.
    reference: what `Ref` gives. attributes: what `Fn::GetAtt` gives.
    named: the property that gets a generated name, and the longest one; lower_case: that it is one; underscores: that
    it has no hyphens; alphanumeric: that it has letters and digits only.
    defaults: what an absent property means. tags: the property that holds them.
    cleared: what an update gives for a property that was there and is no more, where the service's operation keeps what
    it is not given; or what makes that of the old and the new value, for lists of which some items may go.
    remade: deleted and made again for a change that no request makes; only for what keeps its `Ref` by that.
    gone: error codes of the service's own that say that it is not there.
    live: attributes that other resources change, and that are read when they are asked for.
    complaint: why nothing was created, for an operation that answers so instead of failing.
    """

    service: str
    properties: PropertyTree
    made_by: Call
    reference: str
    completed_by: Sequence[Call] = ()
    read_by: Sequence[Call] = ()
    changed_by: Sequence[Call] = ()
    deleted_by: Sequence[Call] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    named: tuple[str, int] | None = None
    lower_case: bool = False
    underscores: bool = False
    alphanumeric: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    cleared: Mapping[str, Any | Completed] = field(default_factory=dict)
    tagged_by: Tagging | None = None
    tags: str = "Tags"
    remade: bool = False
    gone: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    complaint: str = ""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the resource; nothing is left of it when a part fails."""
        client = context.client(self.service, resource)
        scope = self._scope(resource)
        scope["made"] = self.made_by.send(client, scope)
        scope["ref"] = evaluate(self.reference, scope)
        if scope["ref"] is None and "found." in self.reference:
            scope["found"] = self._found(client, scope)
            scope["ref"] = evaluate(self.reference, scope)
        if scope["ref"] is None:
            why = self.complaint and evaluate(self.complaint, scope)
            raise ResourceRefused(
                str(why or f"moto's answer to {self.made_by.operation} names nothing that was created")
            )
        provisioned = Provisioned(physical_id=str(scope["ref"]), attributes=self._attributes(scope, {}))
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            scope["att"] = provisioned.attributes
            for request in self.completed_by:
                request.send(client, scope)
            return self._provisioned(client, scope, provisioned)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs; takes it back when a request fails."""
        client = context.client(self.service, resource)
        old, new = self._known(created.resource, created), self._known(resource, created)
        before, after = old["p"], new["p"]
        old["p"], new["p"] = {**before, **self._cleared(after, before)}, {**after, **self._cleared(before, after)}
        _compare(old, new)
        unchangeable = self._unchangeable(client, old["p"], new["p"])
        if unchangeable and self.remade:
            return self._remake(created, resource, context)
        if unchangeable:
            raise ResourceRefused(
                f"moto has no operation that changes {unchangeable[0]} of what is there",
                property_pointer=unchangeable[0],
                hint="destroy the stack and deploy it again",
            )
        try:
            self._change(client, old, new)
        except Exception:
            with contextlib.suppress(ClientError, *_UNFOUND):
                self._change(client, new, old)
            raise
        return self._provisioned(client, new, created.provisioned)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the resource; one that is gone is no error."""
        client = context.client(self.service, created.resource)
        scope = self._known(created.resource, created)
        with contextlib.suppress(ClientError, *_UNFOUND):
            scope["found"] = self._found(client, scope)
        for request in self.deleted_by:
            try:
                request.send(client, scope)
            except ClientError as error:
                if not is_gone(error) and error.response["Error"].get("Code") not in self.gone:
                    raise
            except _UNFOUND:
                continue

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""

    def _change(self, client: Any, old: dict[str, Any], new: dict[str, Any]) -> None:
        old["found"] = new["found"] = self._found(client, new)
        for change in self.changed_by:
            request = change.request(client, new)
            if request is not None and request != change.request(client, old):
                getattr(client, change.operation)(**request)
        if self.tagged_by is not None:
            self.tagged_by.change(client, new, tag_map(old["p"].get(self.tags)), tag_map(new["p"].get(self.tags)))

    def _cleared(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        """What an update gives for those of the properties before that are no more."""
        cleared = {}
        for name, value in self.cleared.items():
            if callable(value) and before.get(name) != after.get(name):
                cleared[name] = value(before.get(name), after.get(name))
            elif not callable(value) and name in before and name not in after:
                cleared[name] = value
        return cleared

    def _unchangeable(self, client: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """The properties that differ, that the service has, and that no request changes."""
        changeable = {self.tags}  # where moto has no operation for tags, the new ones are recorded only
        for change in self.changed_by:
            changeable |= change.takes(client, {**old, **new})
        return [
            name
            for name, standing in self.properties.items()
            if standing is not RECORDED and name not in changeable and old.get(name) != new.get(name)
        ]

    def _remake(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        self.delete(created, context)
        try:
            return self.create(resource, context)
        except Exception:
            with contextlib.suppress(ClientError):
                self.create(created.resource, context)
            raise

    def _provisioned(self, client: Any, scope: dict[str, Any], known: Provisioned) -> Provisioned:
        def read() -> Mapping[str, Any]:
            scope["found"] = self._found(client, scope)
            return self._attributes(scope, known.attributes)

        attributes = read()
        if self.live:
            attributes = _LiveAttributes(attributes, self.live, read)
        return Provisioned(physical_id=known.physical_id, attributes=attributes)

    def _found(self, client: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
        answers = (request.send(client, scope) or {} for request in self.read_by)
        return {member: value for answer in answers for member, value in answer.items()}

    def _attributes(self, scope: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: evaluate(expression, scope) for name, expression in self.attributes.items()}
        return {**known, **{name: value for name, value in found.items() if value is not None}}

    def _known(self, resource: Resource, created: Created) -> dict[str, Any]:
        provisioned = created.provisioned
        return {**self._scope(resource), "ref": provisioned.physical_id, "att": provisioned.attributes}

    def _scope(self, resource: Resource) -> dict[str, Any]:
        properties = {**self.defaults, **resource.properties}
        name = None
        if self.named is not None:
            key, length_max = self.named
            generated = resource.generated_name(length_max=length_max, lower_case=self.lower_case)
            if self.underscores or self.alphanumeric:
                generated = generated.replace("-", "" if self.alphanumeric else "_")
            name = properties.get(key) or generated
            properties[key] = name
        return {
            "p": properties,
            "name": name,
            "ref": None,
            "att": {},
            "made": {},
            "found": {},
            "was": {},
            "added": {},
            "removed": {},
            "account": resource.account_id,
            "region": resource.region,
            "partition": partition_of(resource.region),
            "stack": resource.stack,
            "logical_id": resource.logical_id,
        }


class _LiveAttributes(Mapping[str, Any]):
    """Attributes of which some are read anew whenever they are asked for."""

    def __init__(self, known: Mapping[str, Any], live: frozenset[str], read: Callable[[], Mapping[str, Any]]) -> None:
        self._known = known
        self._live = live
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name in self._live:
            with contextlib.suppress(ClientError, KeyError):  # it is deleted already: what it was then
                return self._read()[name]
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _compare(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Tells each scope of the other's properties."""
    for mine, other in ((old, new), (new, old)):
        mine["was"] = other["p"]
        mine["added"] = _extra(mine["p"], other["p"])
        mine["removed"] = _extra(other["p"], mine["p"])


def _extra(properties: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The items of each list that the other's list of that name does not have."""
    return {
        name: [item for item in value if item not in (others.get(name) or ())]
        for name, value in properties.items()
        if isinstance(value, list)
    }
