"""Properties of CloudFormation's laid over those that constructs write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import CfnResource

from lambdakit.constructs.cloudformation.construct_paths import construct_at, element_of, path_hint, paths_below
from lambdakit.constructs.cloudformation.problem_places import pointer_text
from lambdakit.constructs.cloudformation.property_problems import is_call, property_problems
from lambdakit.constructs.cloudformation.references import References
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import IConstruct

Overrides = Mapping[str, Mapping[str, Any]]
_REMOVED: Final[Mapping[str, str]] = {"Ref": "AWS::NoValue"}
# Which the CDK takes for the end of a key. Source: aws-cdk-lib 2.275, core/lib/cfn-resource.ts, splitOnPeriods
_DOT: Final = re.compile(r"([.\\])")


def lay_over(
    stack: Stack,
    overrides: Mapping[str, Overrides],
    *,
    names: Mapping[str, str],
    elsewhere: Mapping[str, IConstruct] = MappingProxyType({}),
) -> None:
    """Lays properties over those that constructs of the stack write. SynthesisError with all that is wrong.

    overrides: by the id of a construct of the stack, and the path of a construct below it (`.` for itself), properties
        as CloudFormation spells them. Mappings are laid over key by key, lists and everything else replaced; a mapping
        of places, `{0: …}`, means items of the list that is there. `{Ref: AWS::NoValue}` removes a property.
    names, elsewhere: for references within them, as in `References`.
    """
    references = References(stack, names, elsewhere=elsewhere)
    problems: list[Diagnostic] = []
    for id, by_path in overrides.items():
        owner = stack.node.try_find_child(id)
        for path, properties in by_path.items():
            place = f"{stack.node.path}/{id}"
            resource = _resource(owner, path)
            if owner is None or resource is None:
                problems.append(_unknown(owner, path, pointer_text(place, ("overrides", path))))
                continue
            steps = ("overrides", path)
            found = property_problems(resource, properties, pointer=(place, steps), over=True)
            resolved = references.resolved(dict(properties), place, steps)
            problems += found
            if not found:
                _apply(resource, resolved)
    if problems or references.problems:
        raise SynthesisError(*problems, *references.problems)


def _resource(owner: IConstruct | None, path: str) -> CfnResource | None:
    construct = None if owner is None else construct_at(owner, path)
    element = None if construct is None else element_of(construct)
    return element if isinstance(element, CfnResource) else None


def _unknown(owner: IConstruct | None, path: str, pointer: str) -> Diagnostic:
    known = [] if owner is None else paths_below(owner)
    problem = "it has no resource of its own" if path == "." else f"no resource is at the path {path}"
    return Diagnostic(problem=problem, code="LK460", pointer=pointer, hint=path_hint(path, known))


def _apply(resource: CfnResource, properties: Mapping[str, Any]) -> None:
    for key, value in properties.items():
        kept = _without_removed(value)
        if kept is not None:
            resource.add_property_override(_DOT.sub(r"\\\1", key), kept)
    for keys in _removed(properties, ()):
        resource.add_property_deletion_override(".".join(_DOT.sub(r"\\\1", key) for key in keys))


def _without_removed(value: Any) -> Any:
    """The value without what is removed; None when nothing is left of it."""
    if not isinstance(value, dict) or is_call(value):
        return None if value == _REMOVED else value
    kept = {key: inner if key.isdecimal() else _without_removed(inner) for key, inner in value.items()}
    return {key: inner for key, inner in kept.items() if inner is not None} or None


def _removed(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if value == _REMOVED:
        yield keys
    elif isinstance(value, dict) and not is_call(value):
        for key, inner in value.items():
            # An item of a list stays, as a call of the function, by which CloudFormation leaves it out.
            if not key.isdecimal():
                yield from _removed(inner, (*keys, key))
