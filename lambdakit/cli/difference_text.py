"""Differences as lines: what loses data first, then each stack's resources, then what is about security."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lambdakit.reports.changes.model import (
    Action,
    Differences,
    FileChanges,
    PropertyChange,
    Replaces,
    ResourceChange,
    SecurityChange,
    StackDifference,
)
from lambdakit.reports.changes.property_changes import holds_policy_document
from lambdakit.reports.rendered_value import rendered

# (text, style of rich)
Line = tuple[str, str]

_RED: Final = "red"
_STYLES: Final = {
    Action.ADD: ("+", "green"),
    Action.REMOVE: ("-", _RED),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "bold red"),
    Action.MAY_REPLACE: ("±", _RED),
}
_SAYS: Final = {Action.REPLACE: "  REPLACED", Action.MAY_REPLACE: "  may be replaced"}
_VALUE_SHOWN: Final = 160
_FILES_SHOWN: Final = 5


def difference_lines(differences: Differences) -> Iterator[Line]:
    """What a person reads. Without a difference one line says so."""
    if not differences:
        yield "nothing changes", ""
        return
    endangered = differences.endangered
    if endangered:
        yield "data at stake", "bold red"
        several = len(differences.stacks) > 1
        for change in endangered:
            yield (
                f"  {f'{change.stack}: ' if several else ''}{_endangered(change)}",
                "yellow" if change.is_kept else "bold red",
            )
        yield "", ""
    for stack in differences.stacks:
        yield from _stack(stack)
    yield _summary(differences), "bold"


def _stack(stack: StackDifference) -> Iterator[Line]:
    ending = "  (new)" if stack.is_new else "  (leaves the application)" if stack.is_gone else ""
    yield f"stack {stack.name}{ending}".rstrip(), "bold"
    for change in stack.resources:
        yield from _resource(change)
    for title, changes in (("parameter", stack.parameters), ("output", stack.outputs), ("template", stack.others)):
        for item in changes:
            yield f"  {_sign(item)} {title} {_value_change(item)}", _style(item)
    if stack.security:
        yield "  security", "bold"
        for security in stack.security:
            yield f"    {_security(security)}", "green" if not security.added else _RED
    yield "", ""


def _resource(change: ResourceChange) -> Iterator[Line]:
    sign, style = _STYLES[change.action]
    notes = "".join(f"  {note}" for note in change.notes)
    moved = f"  {'was' if change.action is Action.ADD else 'becomes'} {change.moved}" if change.moved else ""
    yield f"  {sign} {change.type} {change.name}{_SAYS.get(change.action, '')}{notes}{moved}{_place(change)}", style
    for item in (*change.properties, *change.attributes):
        yield (
            f"      {_value_change(item)}",
            "bold red" if item.replaces is Replaces.YES else (_RED if item.replaces is Replaces.MAY else ""),
        )


def _value_change(item: PropertyChange) -> str:
    replaces = {Replaces.YES: "  (replaces)", Replaces.MAY: "  (may replace)"}.get(item.replaces, "")
    if item.follows:
        return f"{item.path}: follows the new {item.follows}{replaces}"
    if item.is_asset:
        owner = item.path.partition(".")[0]
        return f"{owner}: its content changed{_files(item.files)}{replaces}"
    if holds_policy_document(item.before) or holds_policy_document(item.after):
        return f"{item.path}: see security{replaces}"
    if _is_plain_list(item.before) and _is_plain_list(item.after):
        old, new = _texts(item.before), _texts(item.after)
        gone = [f"- {text}" for text in old if text not in new]
        come = [f"+ {text}" for text in new if text not in old]
        if gone or come:
            return f"{item.path}: {', '.join((*gone, *come))}{replaces}"
    if item.before is None:
        return f"{item.path}: + {_shown(item.after)}{replaces}"
    if item.after is None:
        return f"{item.path}: - {_shown(item.before)}{replaces}"
    return f"{item.path}: {_shown(item.before)} -> {_shown(item.after)}{replaces}"


def _files(files: FileChanges | None) -> str:
    if files is None:
        return ""
    names = [
        *(f"~ {name}" for name in files.changed),
        *(f"+ {name}" for name in files.added),
        *(f"- {name}" for name in files.removed),
    ]
    more = f", and {len(names) - _FILES_SHOWN} more" if len(names) > _FILES_SHOWN else ""
    return f" ({', '.join(names[:_FILES_SHOWN])}{more})" if names else ""


def _endangered(change: ResourceChange) -> str:
    what = {
        Action.REMOVE: "leaves the stack",
        Action.REPLACE: "is replaced by an empty one",
        Action.MAY_REPLACE: "may be replaced by an empty one",
    }[change.action]
    fate = "what is there stays in the account" if change.is_kept else "its data is deleted"
    causes = dict.fromkeys(
        item.path.partition("[")[0]
        for item in (*change.properties, *change.attributes)
        if item.replaces is not Replaces.NO
    )
    because = f" because of {', '.join(causes)}" if causes else ""
    return f"{change.type} {change.name} {what}{because}: {fate}{_place(change)}"


def _security(change: SecurityChange) -> str:
    return f"{'+' if change.added else '-'} {change.aspect}: {change.text}  ({change.name}){_place(change)}"


def _place(change: ResourceChange | SecurityChange) -> str:
    place = change.place
    return "" if place is None else f"  [{place.document}:{place.line}]" if place.document else f"  [line {place.line}]"


def _summary(differences: Differences) -> str:
    actions = [change.action for stack in differences.stacks for change in stack.resources]
    words = {
        Action.ADD: "added",
        Action.UPDATE: "changed",
        Action.REPLACE: "replaced",
        Action.MAY_REPLACE: "perhaps replaced",
        Action.REMOVE: "removed",
    }
    counted = [f"{actions.count(action)} {word}" for action, word in words.items() if action in actions]
    security = sum(len(stack.security) for stack in differences.stacks)
    return f"resources: {', '.join(counted) or 'none'}; security: {security}"


def _sign(item: PropertyChange) -> str:
    return "+" if item.before is None else "-" if item.after is None else "~"


def _style(item: PropertyChange) -> str:
    return {"+": "green", "-": _RED, "~": "yellow"}[_sign(item)]


def _is_plain_list(value: object) -> bool:
    return isinstance(value, list)


def _texts(value: object) -> Sequence[str]:
    return [rendered(item) for item in value] if isinstance(value, list) else []


def _shown(value: object) -> str:
    text = rendered(value).replace("\n", "\\n")
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]}…"
