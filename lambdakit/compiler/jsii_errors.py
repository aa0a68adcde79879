"""What the CDK and its bridge to Node.js raise, as diagnostics at the document's line.

Messages are cut to what a reader can use: no stack, no names of JavaScript's error classes. Where the CDK names
a construct in brackets (`There is already a Construct with name 'Table' in Stack [shop]`), that gives the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.diagnostics import file_path
from lambdakit.spec.pointer import Pointer, parse_pointer, render_pointer

if TYPE_CHECKING:
    from jsii.errors import JSIIError

_STACK = re.compile(r"\n\s+at .*", re.DOTALL)
# JavaScript's class (`TypeError: `) or the CDK's own code (`TooManyResourcesInStack: `).
_CLASS = re.compile(r"^(?:Uncaught )?(?:Error|(?:[A-Z][a-z]+){2,}): ")
_IN_QUOTES = re.compile(r"'([^'\s]+)'")
_OF_ENVIRONMENT: Final = " (in the environment {})"
_ENDS_IN_ENVIRONMENT = re.compile(r" \(in the environment [A-Za-z0-9-]+\)$")
# Where a finding's construct is, which stands in the document's stack and in its environments'.
_OF_STACK = re.compile(r"(\(rule .+, at )[A-Za-z0-9-]+/")
# What the CDK says of a logical id that two elements of one section of the template have.
_TAKEN = re.compile(r"[Ss]ection '(?P<section>[A-Za-z]+)' already contains '(?P<id>[A-Za-z0-9]+)'")
_SECTIONS: Final = {
    "Resources": "cloudformation",
    "Outputs": "outputs",
    "Conditions": "conditions",
    "Mappings": "mappings",
}
# What the CDK says of two stacks that use each other.
_CIRCLE = re.compile(
    r"'(?P<first>[^']+)' depends on '(?P<second>[^']+)' \((?P<there>.+?)\)\. Adding this dependency "
    r"\((?P<here>.+)\) would create a cyclic reference"
)
_IN_BRACKETS = re.compile(r"\[([^\[\]\s]+)\]")


def refused_by_cdk(error: RuntimeError | JSIIError, source_map: SourceMap, *, path: str) -> SynthesisError:
    """The error for what the CDK raised while it built or synthesized the document at `path`."""
    problem = _problem(str(error))
    if (taken := _TAKEN.search(problem)) is not None and taken["section"] in _SECTIONS:
        problem = f"the logical id {taken['id']} is one that the CDK gives to what it makes"
        place = (_SECTIONS[taken["section"]], taken["id"])
        return SynthesisError(_located(problem, "LK466", "choose another", place, source_map, path=path))
    if (circle := _CIRCLE.search(problem)) is not None:
        return SynthesisError(_stack_circle(circle, source_map, path=path))
    stack, pointer = _named_origin(problem, source_map)
    return SynthesisError(_located(problem, "LK400", "", pointer, stack, path=path))


def refused_by_construct(error: SynthesisError, source_map: SourceMap, *, path: str) -> SynthesisError:
    """The error with its diagnostics' pointers, which name constructs, turned into the document's."""
    return SynthesisError(
        *(
            _located(each.problem, each.code, each.hint, _origin_of_setting(each.pointer, stack), stack, path=path)
            for each in error.diagnostics
            for stack in [source_map.of(each.pointer)]
        )
    )


def found_by_validation(
    construct_path: str,
    problem: str,
    hint: str,
    source_map: SourceMap,
    *,
    path: str,
    code: str,
    steps: Sequence[str] = (),
    written: bool = False,
    otherwise: Pointer = (),
) -> Diagnostic:
    """The diagnostic for a finding of the CDK's validation, of cdk-nag or of cfn-lint.

    steps: the keys of the property that is meant, where one is.
    written: the place is that of what the document writes of the resource itself.
    otherwise: the place of what is about no construct.
    """
    stack = source_map.of(construct_path)
    found = stack.writes(construct_path) if written else stack.origin_of_property(construct_path, steps)
    pointer = found or otherwise
    return _located(problem, code, hint, pointer, stack, path=path)


def found_by_size(problem: str, hint: str, pointer: Pointer, source_map: SourceMap, *, path: str) -> Diagnostic:
    """The diagnostic for a stack with too many resources. source_map: the stack's."""
    return _located(problem, "LK406", hint, pointer, source_map, path=path)


def said_once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics without what an environment's stack has in common with one that is named before it."""
    said: dict[tuple[object, ...], Diagnostic] = {}
    for each in diagnostics:
        problem = _OF_STACK.sub(r"\1", _ENDS_IN_ENVIRONMENT.sub("", each.problem))
        said.setdefault((each.path, each.line, each.column, each.code, problem), each)
    return tuple(said.values())


def _located(problem: str, code: str, hint: str, pointer: Pointer, source_map: SourceMap, *, path: str) -> Diagnostic:
    origin = source_map.written(pointer)
    if source_map.environment and (origin is None or origin.pointer == pointer):
        # Written for all stacks, and wrong in this one.
        problem += _OF_ENVIRONMENT.format(source_map.environment)
    return Diagnostic(
        path=path if origin is None else file_path(path, origin.file),
        line=None if origin is None else origin.line,
        column=None if origin is None else origin.column,
        pointer=render_pointer(pointer if origin is None else origin.pointer),
        problem=problem,
        code=code,
        hint=hint,
    )


def _stack_circle(circle: re.Match[str], source_map: SourceMap, *, path: str) -> Diagnostic:
    """At what is used of one stack by the other, and used itself what the other has."""
    used = [circle[side].rpartition(" -> ")[2] for side in ("here", "there")]
    first, second = circle["first"], circle["second"]
    problem = f"{second} uses {used[0]}, and {first} uses {used[1]}: neither of the two can be deployed first"
    stack = source_map.of(used[1])
    pointer = stack.origin(used[1].rpartition(".")[0]) or ()
    hint = "put what uses and what is used into one stack"
    return _located(problem, "LK407", hint, pointer, stack, path=path)


def _problem(message: str) -> str:
    text = _CLASS.sub("", _STACK.sub("", message.strip())).strip()
    first, *rest = [" ".join(line.split()) for line in text.splitlines() if line.strip()] or ["the CDK gave no reason"]
    sentence = "; ".join([first, *rest]).rstrip(".")
    # A word in capitals or with some inside is a name, and stays.
    return sentence[0].lower() + sentence[1:] if re.match(r"[A-Z][a-z]*\b", sentence) else sentence


def _named_origin(problem: str, source_map: SourceMap) -> tuple[SourceMap, Pointer]:
    """The pointer of what the text names, and the map of its stack."""
    named = _IN_QUOTES.findall(problem)
    for scope in _IN_BRACKETS.findall(problem):
        for construct_path in (*(f"{scope}/{name}" for name in named), scope):
            stack = source_map.of(construct_path)
            if pointer := stack.origin(construct_path):
                return stack, pointer
    return source_map, ()


def _origin_of_setting(pointer: str, source_map: SourceMap) -> Pointer:
    """The document's pointer for `shop/orders/create_order.memory_size`: a construct's path, a dot, a setting."""
    construct_path, setting = pointer, ""
    # Paths hold no dots here, as the document's keys that become construct ids have none.
    if "." in pointer:
        construct_path, _, setting = pointer.partition(".")
    return (source_map.origin(construct_path) or ()) + _setting_steps(parse_pointer(setting))


def _setting_steps(steps: Sequence[str | int]) -> Pointer:
    """A construct's setting under the document's name for it."""
    renamed = {"alias_name": ("alias", "name"), "cors": ("api", "cors"), "alias_description": ("alias", "description")}
    if not steps:
        return ()
    if steps[0] == "function":
        return ("function", *_setting_steps(steps[1:]))
    if steps[0] == "provisioned_concurrent_executions":
        return ("alias", *steps)
    return (*renamed.get(str(steps[0]), (steps[0],)), *steps[1:])
