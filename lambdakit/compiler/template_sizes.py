"""The size of an assembly's templates, which CloudFormation bounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdakit.compiler.jsii_errors import found_by_size
from lambdakit.spec.cloudformation import RESOURCES_MAX

if TYPE_CHECKING:
    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.errors import Diagnostic
    from lambdakit.spec.pointer import Pointer

# The CDK's own limit, which 0 turns off: its message names types of resources, and no part of a document.
RESOURCE_LIMIT: Final = "@aws-cdk/core:stackResourceLimit"
_NAMED: Final = 4


def too_large(assembly: Path, stacks: Iterable[str], source_map: SourceMap, *, path: str) -> Iterator[Diagnostic]:
    """A diagnostic, at its largest part, for each stack with more resources than CloudFormation takes.

    stacks: their names, by which their templates are called.
    """
    for stack in stacks:
        template = assembly / f"{stack}.template.json"
        if not template.is_file():
            continue
        resources: dict[str, Any] = json.loads(template.read_text(encoding="utf-8")).get("Resources", {})
        if len(resources) > RESOURCES_MAX:
            yield _diagnostic(stack, resources, source_map, path=path)


def _diagnostic(stack: str, resources: dict[str, Any], source_map: SourceMap, *, path: str) -> Diagnostic:
    places = source_map.of(stack)
    counts: Counter[Pointer] = Counter()
    for each in resources.values():
        pointer = places.origin(each.get("Metadata", {}).get("aws:cdk:path", "")) or ()
        counts[pointer[:2]] += 1
    largest = [(pointer, count) for pointer, count in counts.most_common() if pointer][:_NAMED]
    named = ", ".join(f"{_shown(pointer, places)} {count}" for pointer, count in largest)
    problem = f"{stack} has {len(resources)} resources, and CloudFormation takes {RESOURCES_MAX} in a stack: {named}"
    key = str(largest[0][0][-1]) if largest else "orders"
    if largest and largest[0][1] > RESOURCES_MAX:
        hint = f"divide {key} into several patterns, and give each a stack of its own, as in stack: {key}"
    else:
        hint = f"give some of the patterns a stack of their own, as in stack: {key}"
    return found_by_size(problem, hint, largest[0][0] if largest else (), places, path=path)


def _shown(pointer: Pointer, places: SourceMap) -> str:
    """The part's name, with its line."""
    origin = places.written(pointer)
    line = "" if origin is None else f" (line {origin.line}{f' of {origin.file}' if origin.file else ''})"
    return f"{pointer[-1]}{line}"
