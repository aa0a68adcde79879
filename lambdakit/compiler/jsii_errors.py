"""What the CDK and its bridge to Node.js raise, as diagnostics at the document's line.

Messages are cut to what a reader can use: no stack, no names of JavaScript's error classes. Where the CDK names
a construct in brackets (`There is already a Construct with name 'Table' in Stack [shop]`), that gives the place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.pointer import Pointer, parse_pointer, render_pointer

if TYPE_CHECKING:
    from jsii.errors import JSIIError

_STACK = re.compile(r"\n\s+at .*", re.DOTALL)
# JavaScript's class (`TypeError: `) or the CDK's own code (`TooManyResourcesInStack: `).
_CLASS = re.compile(r"^(?:Uncaught )?(?:Error|(?:[A-Z][a-z]+){2,}): ")
_IN_QUOTES = re.compile(r"'([^'\s]+)'")
_IN_BRACKETS = re.compile(r"\[([^\[\]\s]+)\]")


def refused_by_cdk(error: RuntimeError | JSIIError, source_map: SourceMap, *, path: str) -> SynthesisError:
    """The error for what the CDK raised while it built or synthesized the document at `path`."""
    problem = _problem(str(error))
    pointer = _named_origin(problem, source_map)
    return SynthesisError(_located(problem, "LK400", "", pointer, source_map, path=path))


def refused_by_construct(error: SynthesisError, source_map: SourceMap, *, path: str) -> SynthesisError:
    """The error with its diagnostics' pointers, which name constructs, turned into the document's."""
    return SynthesisError(
        *(
            _located(
                each.problem, each.code, each.hint, _origin_of_setting(each.pointer, source_map), source_map, path=path
            )
            for each in error.diagnostics
        )
    )


def found_by_validation(
    construct_path: str, problem: str, hint: str, source_map: SourceMap, *, path: str, code: str
) -> Diagnostic:
    """The diagnostic for a finding of the CDK's validation, of cdk-nag or of cfn-lint."""
    return _located(problem, code, hint, source_map.origin(construct_path) or (), source_map, path=path)


def _located(problem: str, code: str, hint: str, pointer: Pointer, source_map: SourceMap, *, path: str) -> Diagnostic:
    line, column = source_map.place(pointer)
    return Diagnostic(
        path=path,
        line=line,
        column=column,
        pointer=render_pointer(pointer),
        problem=problem,
        code=code,
        hint=hint,
    )


def _problem(message: str) -> str:
    text = _CLASS.sub("", _STACK.sub("", message.strip())).strip()
    first, *rest = [" ".join(line.split()) for line in text.splitlines() if line.strip()] or ["the CDK gave no reason"]
    sentence = "; ".join([first, *rest]).rstrip(".")
    # A word in capitals or with some inside is a name, and stays.
    return sentence[0].lower() + sentence[1:] if re.match(r"[A-Z][a-z]*\b", sentence) else sentence


def _named_origin(problem: str, source_map: SourceMap) -> Pointer:
    named = _IN_QUOTES.findall(problem)
    for scope in _IN_BRACKETS.findall(problem):
        for construct_path in (*(f"{scope}/{name}" for name in named), scope):
            if pointer := source_map.origin(construct_path):
                return pointer
    return ()


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
