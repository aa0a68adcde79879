"""Two states of an application compared, stack by stack.

canonical names -> resources that differ -> which of them are replaced -> what follows those -> what of it is security
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lambdakit.assembly.same_value import same
from lambdakit.assembly.source_map import SourcePlace
from lambdakit.assembly.template import Resource
from lambdakit.reports.changes.asset_files import changed_files
from lambdakit.reports.changes.canonical import Canonical, canonical
from lambdakit.reports.changes.model import (
    Action,
    Aspect,
    Differences,
    PropertyChange,
    Replaces,
    ResourceChange,
    SecurityChange,
    StackDifference,
)
from lambdakit.reports.changes.property_changes import Difference, differences
from lambdakit.reports.changes.replacement import following, replaces
from lambdakit.reports.changes.security import Fact, facts, lines
from lambdakit.reports.changes.stateful import is_kept_when_removed, is_kept_when_replaced, is_stateful
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.stack_templates import StackTemplate, resource_name

_HASH: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
# What the CDK calls a published file: its hash and an ending. Where no manifest is given, nothing else tells.
_PUBLISHED: Final = re.compile(r"(?:[^\s]*/)?[0-9a-f]{64}\.[a-z.]{2,12}")
_LEGACY_ASSET: Final = re.compile(r"AssetParameters[0-9a-f]{64}")
# What the CDK, cdk-nag and SAM write about themselves.
_TOLD_APART: Final = ("aws:", "cdk_nag", "SamResourceId", "BuildMethod")
_ACTIONS: Final = {Replaces.YES: Action.REPLACE, Replaces.MAY: Action.MAY_REPLACE, Replaces.NO: Action.UPDATE}
_OTHER_SECTIONS: Final = ("Conditions", "Mappings", "Rules", "Transform", "Description", "Metadata")


def compare(before: Sequence[StackTemplate], after: Sequence[StackTemplate]) -> Differences:
    """What leads from the one to the other. Stacks are told by their names; later ones come first, in their order."""
    old, new = ({stack.name: stack for stack in stacks} for stacks in (before, after))
    found = [_Comparison(old.get(name), new.get(name)).difference() for name in dict.fromkeys([*new, *old])]
    return Differences(stacks=tuple(difference for difference in found if difference))


class _Comparison:
    """One stack. One of both states may be missing."""

    def __init__(self, before: StackTemplate | None, after: StackTemplate | None) -> None:
        stack = after or before
        assert stack is not None
        self._name = stack.name
        self._before, self._after = before, after
        nothing = Canonical(resources={}, frozen={}, outputs={})
        self._old = nothing if before is None else canonical(before.template)
        self._new = nothing if after is None else canonical(after.template)
        self._old_assets = {} if before is None else before.assets
        self._new_assets = {} if after is None else after.assets

    def difference(self) -> StackDifference:
        resources = tuple(self._resources())
        return StackDifference(
            name=self._name,
            is_new=self._before is None,
            is_gone=self._after is None,
            resources=resources,
            parameters=tuple(self._section("Parameters")),
            outputs=tuple(map(self._change, differences(self._old.outputs, self._new.outputs))),
            others=tuple(change for name in _OTHER_SECTIONS for change in self._section(name, under=name)),
            security=tuple(self._security()),
        )

    def _resources(self) -> Iterator[ResourceChange]:
        names = dict.fromkeys((*self._new.resources, *self._old.resources))
        changes = {name: self._resource(name) for name in names}
        self._follow(changes)
        moved = _moved(self._old, self._new)
        for name, change in changes.items():
            change = dataclasses.replace(change, notes=tuple(self._notes(name)), moved=moved.get(name, ""))
            if change.action is not Action.UPDATE or change.properties or change.attributes or change.notes:
                yield self._with_data(change)

    def _resource(self, logical_id: str) -> ResourceChange:
        """Its change alone; an update without any value when there is none."""
        old, new = self._old.resources.get(logical_id), self._new.resources.get(logical_id)
        resource = new or old
        assert resource is not None
        change = ResourceChange(
            stack=self._name,
            logical_id=logical_id,
            type=resource.type,
            name=resource_name(resource),
            action=Action.ADD if old is None else Action.REMOVE if new is None else Action.UPDATE,
            place=self._place(logical_id),
        )
        if old is None or new is None:
            return change
        attributes = tuple(map(self._change, differences(_attributes(old), _attributes(new))))
        if old.type != new.type:
            kind = PropertyChange(path="Type", before=old.type, after=new.type, replaces=Replaces.YES)
            return dataclasses.replace(change, action=Action.REPLACE, attributes=(kind, *attributes))
        properties = tuple(self._change(found, new.type) for found in differences(old.properties, new.properties))
        return dataclasses.replace(change, action=_action(properties), properties=properties, attributes=attributes)

    def _follow(self, changes: dict[str, ResourceChange]) -> None:
        """Adds what refers to a replaced resource, which may itself be replaced by that, until nothing more is."""
        while True:
            replaced = {
                name: Replaces.MAY if change.action is Action.MAY_REPLACE else Replaces.YES
                for name, change in changes.items()
                if change.action in (Action.REPLACE, Action.MAY_REPLACE)
            }
            grown = False
            for name, change in changes.items():
                if change.action in (Action.ADD, Action.REMOVE):
                    continue
                known = tuple(item.path for item in change.properties)
                more = [
                    item
                    for item in self._following(name, replaced)
                    if not item.path.startswith(known) and item.follows != name
                ]
                if more:
                    properties = (*change.properties, *more)
                    action = change.action if change.action is Action.REPLACE else _action(properties)
                    changes[name] = dataclasses.replace(change, properties=properties, action=action)
                    grown = True
            if not grown:
                return

    def _following(self, logical_id: str, replaced: Mapping[str, Replaces]) -> Iterator[PropertyChange]:
        resource = self._new.resources[logical_id]
        for path, value, owner in following(resource.properties, replaced):
            effect = replaces(resource.type, Difference(path, None, value))
            if effect is Replaces.YES and replaced[owner] is Replaces.MAY:
                effect = Replaces.MAY
            yield PropertyChange(path=path, before=value, after=value, replaces=effect, follows=owner)

    def _change(self, found: Difference, type_name: str = "") -> PropertyChange:
        effect = replaces(type_name, found) if type_name else Replaces.NO
        change = PropertyChange(path=found.path, before=found.before, after=found.after, replaces=effect)
        old_hashes, new_hashes = self._hashes(found.before), self._hashes(found.after)
        if old_hashes == new_hashes or len(old_hashes) != len(new_hashes):
            return change
        if _without(found.before, old_hashes) != _without(found.after, new_hashes):
            return change
        files = changed_files(self._old_assets.get(old_hashes[0]), self._new_assets.get(new_hashes[0]))
        return dataclasses.replace(change, is_asset=True, files=files)

    def _hashes(self, value: object) -> list[str]:
        """The hashes of assets in a value."""
        text = rendered(value)
        known = {**self._old_assets, **self._new_assets}
        published = _PUBLISHED.fullmatch(text) is not None or _LEGACY_ASSET.search(text) is not None
        return [found for found in _HASH.findall(text) if published or found in known]

    def _with_data(self, change: ResourceChange) -> ResourceChange:
        old, new = self._old.resources.get(change.logical_id), self._new.resources.get(change.logical_id)
        if old is None or not is_stateful(old.type):
            return change
        kept = is_kept_when_removed(old) if new is None else is_kept_when_replaced(old, new)
        return dataclasses.replace(change, is_stateful=True, is_kept=change.ends_the_old and kept)

    def _notes(self, logical_id: str) -> Iterator[str]:
        if logical_id not in self._old.resources or logical_id not in self._new.resources:
            return
        old, new = self._old.frozen.get(logical_id), self._new.frozen.get(logical_id)
        if old == new:
            return
        what = "version" if self._new.resources[logical_id].type == "AWS::Lambda::Function" else "deployment"
        if new is None:
            yield f"its {what} leaves the stack"
        elif old is None or old[0] != new[0]:
            yield f"a new {what}"
        else:
            paths = ", ".join(found.path for found in differences(old[1], new[1]))
            yield f"its {what}: {paths}"

    def _section(self, name: str, under: str = "") -> Iterator[PropertyChange]:
        old = {} if self._before is None else self._before.template.raw.get(name, {})
        new = {} if self._after is None else self._after.template.raw.get(name, {})
        if self._before is None or self._after is None:
            return
        for found in differences(old, new, under):
            if not _LEGACY_ASSET.match(found.path) and not found.path.startswith("Metadata.aws:"):
                yield self._change(found)

    def _security(self) -> Iterator[SecurityChange]:
        old, new = self._facts(self._old), self._facts(self._new)
        for added, mine, others in ((False, old, new), (True, new, old)):
            owners = self._new.resources if added else self._old.resources
            changed: dict[str, list[Fact]] = {}
            for key, logical_id in mine.items():
                if key not in others:
                    changed.setdefault(logical_id, []).append(key[0])
            for logical_id, found in changed.items():
                for aspect, text in lines(tuple(found)):
                    yield SecurityChange(
                        stack=self._name,
                        logical_id=logical_id,
                        name=resource_name(owners[logical_id]),
                        aspect=aspect,
                        added=added,
                        text=text,
                        place=self._place(logical_id),
                    )

    def _facts(self, state: Canonical) -> Mapping[tuple[Fact, str], str]:
        """Each fact of a state and whose it is, with the first resource that says so.

        What an identity may do names the identity, and may be said by any of its policies.
        """
        found: dict[tuple[Fact, str], str] = {}
        for name, resource in state.resources.items():
            in_both = name in self._old.resources and name in self._new.resources
            for fact in facts(resource, is_new=not in_both):
                found.setdefault((fact, "" if fact.aspect is Aspect.IAM else name), name)
        return found

    def _place(self, logical_id: str) -> SourcePlace | None:
        """Where the document asks for a resource; of what is gone, that document is gone as well."""
        if self._after is None or logical_id not in self._after.template.resources:
            return None
        stack = self._after
        return stack.source_map.place(stack.name, logical_id)


def _action(properties: Sequence[PropertyChange]) -> Action:
    worst = Replaces.NO
    for change in properties:
        if change.replaces is Replaces.YES or worst is Replaces.NO:
            worst = change.replaces
    return _ACTIONS[worst]


def _attributes(resource: Resource) -> Mapping[str, object]:
    """What a stack knows of a resource beside its properties, without what only orders its making."""
    metadata = {name: value for name, value in resource.metadata.items() if not name.startswith(_TOLD_APART)}
    found = {
        "Condition": resource.condition,
        "DeletionPolicy": resource.deletion_policy,
        "UpdateReplacePolicy": resource.update_replace_policy,
        "CreationPolicy": resource.creation_policy,
        "UpdatePolicy": resource.update_policy,
        "Metadata": metadata or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _without(value: object, hashes: Sequence[str]) -> str:
    text = rendered(value)
    for found in hashes:
        text = text.replace(found, "")
    return text


def _moved(old: Canonical, new: Canonical) -> Mapping[str, str]:
    """Logical id -> the other that the same resource has in the other state: same type, same properties, one pair."""
    gone = [resource for name, resource in old.resources.items() if name not in new.resources and resource.properties]
    come = [resource for name, resource in new.resources.items() if name not in old.resources and resource.properties]
    pairs: dict[str, str] = {}
    for left in gone:
        fitting = [right for right in come if _are_alike(left, right)]
        if len(fitting) == 1 and sum(_are_alike(other, fitting[0]) for other in gone) == 1:
            pairs[left.logical_id] = fitting[0].logical_id
            pairs[fitting[0].logical_id] = left.logical_id
    return pairs


def _are_alike(left: Resource, right: Resource) -> bool:
    return left.type == right.type and same(left.properties, right.properties)
