"""What a parameter says of its value fits together, and its default is a value that it takes.

Source: CloudFormation User Guide, "CloudFormation template Parameters syntax", Properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.parameters import Parameter
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import shown

_OF_TEXT = ("allowed_pattern", "min_length", "max_length")
_OF_NUMBER = ("min_value", "max_value")


def parameter_values(context: RuleContext) -> Iterator[Finding]:
    """A finding for each constraint that the type has not, that no value meets, or that the default does not meet."""
    for name, parameter in context.application.parameters.items():
        pointer = ("parameters", name)
        if not context.pruned.spares(*pointer):
            continue
        misplaced = list(_misplaced(parameter, pointer))
        yield from misplaced
        if not misplaced:
            yield from _crossed(parameter, pointer)
            yield from _defaults(parameter, pointer)


def _misplaced(parameter: Parameter, pointer: Pointer) -> Iterator[Finding]:
    for setting in (*_OF_TEXT, *_OF_NUMBER):
        if getattr(parameter, setting) is None or (setting in _OF_NUMBER) is parameter.is_number:
            continue
        kind, others = ("numbers", _OF_TEXT) if parameter.is_number else ("text", _OF_NUMBER)
        allowed = [other for other in (*_OF_TEXT, *_OF_NUMBER) if other not in others]
        problem = f"{setting} does not go with the type {parameter.type}, which is of {kind}"
        hint = f"leave it out; this type has {', '.join(allowed)}"
        yield Finding(code="LK158", pointer=(*pointer, setting), at_key=True, problem=problem, hint=hint)


def _crossed(parameter: Parameter, pointer: Pointer) -> Iterator[Finding]:
    for least, most in (("min_length", "max_length"), ("min_value", "max_value")):
        low, high = getattr(parameter, least), getattr(parameter, most)
        if low is not None and high is not None and low > high:
            problem = f"{low:g} is above {most}, {high:g}, so no value is taken"
            yield Finding(code="LK158", pointer=(*pointer, least), problem=problem, hint=f"write {high:g} or less")


def _defaults(parameter: Parameter, pointer: Pointer) -> Iterator[Finding]:
    if parameter.default is None or parameter.type.startswith("AWS::SSM::"):
        return
    for item in _items(parameter):
        refused = _refused(parameter, item)
        if refused is not None:
            problem, hint = refused
            yield Finding(code="LK158", pointer=(*pointer, "default"), problem=problem, hint=hint)
            return


def _items(parameter: Parameter) -> list[object]:
    if parameter.is_list and isinstance(parameter.default, str):
        return [item.strip() for item in parameter.default.split(",")]
    return [parameter.default]


def _refused(parameter: Parameter, value: object) -> tuple[str, str] | None:
    """Problem and hint of a value that the parameter does not take."""
    text = str(value)
    if parameter.allowed_values is not None and text not in [str(allowed) for allowed in parameter.allowed_values]:
        allowed_values = ", ".join(str(allowed) for allowed in parameter.allowed_values[:10])
        return f"{shown(value)} is none of allowed_values", f"write one of {allowed_values}"
    if parameter.is_number:
        return _refused_number(parameter, value)
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"{shown(value)} has {len(text)} characters, min_length is {parameter.min_length}", ""
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"{shown(value)} has {len(text)} characters, max_length is {parameter.max_length}", ""
    if parameter.allowed_pattern is not None and not _fits(parameter.allowed_pattern, text):
        return f"{shown(value)} does not fit allowed_pattern", "write a default that fits it, or none"
    return None


def _refused_number(parameter: Parameter, value: object) -> tuple[str, str] | None:
    try:
        number = float(str(value))
    except ValueError:
        return f"{shown(value)} is no number, as the type {parameter.type} asks", "write a number"
    if parameter.min_value is not None and number < parameter.min_value:
        return f"{number:g} is below min_value, {parameter.min_value:g}", f"write {parameter.min_value:g} or more"
    if parameter.max_value is not None and number > parameter.max_value:
        return f"{number:g} is above max_value, {parameter.max_value:g}", f"write {parameter.max_value:g} or less"
    return None


def _fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits. Patterns that only CloudFormation's engine reads are taken to fit."""
    # Patterns and values are the user's own; a text this short keeps backtracking short as well.
    if len(text) > 64 or len(pattern) > 256 or re.search(r"[+*}][)\]]*[+*{]", pattern):
        return True
    try:
        return re.fullmatch(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return True
