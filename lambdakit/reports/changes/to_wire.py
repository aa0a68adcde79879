"""Differences as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.assembly.source_map import SourcePlace
from lambdakit.reports.changes.model import (
    Differences,
    FileChanges,
    PropertyChange,
    ResourceChange,
    SecurityChange,
    StackDifference,
)

_VERSION = 1


def to_wire(differences: Differences) -> dict[str, object]:
    """`{"report": "diff", "version", "differs", "endangered": [{stack, logical_id}], "stacks": […]}`."""
    return {
        "report": "diff",
        "version": _VERSION,
        "differs": bool(differences),
        "endangered": [
            {"stack": change.stack, "logical_id": change.logical_id, "action": change.action, "kept": change.is_kept}
            for change in differences.endangered
        ],
        "stacks": [_stack(stack) for stack in differences.stacks],
    }


def _stack(stack: StackDifference) -> dict[str, object]:
    return {
        "name": stack.name,
        "new": stack.is_new,
        "gone": stack.is_gone,
        "resources": [_resource(change) for change in stack.resources],
        "parameters": _values(stack.parameters),
        "outputs": _values(stack.outputs),
        "others": _values(stack.others),
        "security": [_security(change) for change in stack.security],
    }


def _resource(change: ResourceChange) -> dict[str, object]:
    return {
        "logical_id": change.logical_id,
        "type": change.type,
        "name": change.name,
        "action": change.action,
        "properties": _values(change.properties),
        "attributes": _values(change.attributes),
        "notes": list(change.notes),
        "stateful": change.is_stateful,
        "kept": change.is_kept,
        "moved": change.moved,
        **_place(change.place),
    }


def _security(change: SecurityChange) -> dict[str, object]:
    return {
        "logical_id": change.logical_id,
        "name": change.name,
        "aspect": change.aspect,
        "added": change.added,
        "text": change.text,
        **_place(change.place),
    }


def _values(changes: Sequence[PropertyChange]) -> list[dict[str, object]]:
    return [
        {
            "path": change.path,
            "before": change.before,
            "after": change.after,
            "replaces": change.replaces,
            "asset": change.is_asset,
            "files": _files(change.files),
            "follows": change.follows,
        }
        for change in changes
    ]


def _files(files: FileChanges | None) -> dict[str, list[str]] | None:
    if files is None:
        return None
    return {"added": list(files.added), "removed": list(files.removed), "changed": list(files.changed)}


def _place(place: SourcePlace | None) -> dict[str, object]:
    if place is None:
        return {"document": None, "line": None, "column": None, "pointer": None}
    return {
        "document": place.document or None,
        "line": place.line,
        "column": place.column,
        "pointer": place.pointer,
    }
