"""Calls of CloudFormation's functions have the form that it takes.

Source: CloudFormation Template Reference, "Intrinsic function reference", each function's syntax
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lambdakit.spec.cloudformation_calls import Call, calls, places
from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import given, quoted


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_call(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and any(key == "Ref" or key[:4] == "Fn::" for key in value)


def _is_text_or_call(value: Any) -> bool:
    return isinstance(value, str | int | float) or _is_call(value)


def _is_list_or_call(value: Any) -> bool:
    return isinstance(value, list) or _is_call(value)


def _is_place(value: Any) -> bool:
    return _is_call(value) or str(value).isdigit()


def _list_of(*items: Callable[[Any], bool], optional: int = 0) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, list) or not len(items) - optional <= len(value) <= len(items):
            return False
        return all(item(given) for item, given in zip(items, value, strict=False))

    return check


def _anything(value: Any) -> bool:
    return value is not None


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_get_att(value: Any) -> bool:
    if isinstance(value, str):
        name, dot, attribute = value.rpartition(".")
        return bool(name and dot and attribute)
    return _list_of(_is_filled, _is_text_or_call)(value)


def _is_sub(value: Any) -> bool:
    return _is_text(value) or _list_of(_is_text, _is_mapping)(value)


def _some_conditions(value: Any) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= 10 and all(isinstance(each, dict) for each in value)


# What the argument is, and how that is written.
_FORMS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "Ref": (_is_filled, "!Ref name"),
    "Fn::GetAtt": (_is_get_att, "!GetAtt name.Attribute"),
    "Fn::Sub": (_is_sub, '!Sub "text with ${name}", or a list of the text and a mapping of its own names'),
    "Fn::Join": (_list_of(_is_text, _is_list_or_call), '!Join [",", [a, b]]'),
    "Fn::Select": (_list_of(_is_place, _is_list_or_call), "!Select [0, [a, b]]"),
    "Fn::Split": (_list_of(_is_text, _is_text_or_call), '!Split [",", "a,b"]'),
    "Fn::If": (_list_of(_is_filled, _anything, _anything), "!If [Condition, value, other]"),
    "Fn::Base64": (_is_text_or_call, "!Base64 text"),
    "Fn::Cidr": (_list_of(_is_text_or_call, _is_text_or_call, _is_text_or_call, optional=1), "!Cidr [block, 6, 8]"),
    "Fn::FindInMap": (_list_of(*[_is_text_or_call] * 3), "!FindInMap [Mapping, key, inner_key]"),
    "Fn::ImportValue": (_is_text_or_call, "!ImportValue name"),
    "Fn::GetAZs": (_is_text_or_call, '!GetAZs ""'),
    "Fn::Transform": (_is_mapping, "!Transform {Name: AWS::Include, Parameters: {…}}"),
}
_OF_CONDITIONS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "Fn::Equals": (_list_of(_anything, _anything), "!Equals [value, other]"),
    "Fn::And": (_some_conditions, "!And [condition, condition]"),
    "Fn::Or": (_some_conditions, "!Or [condition, condition]"),
    "Fn::Not": (_list_of(_is_mapping), "!Not [condition]"),
}
_IN_CONDITIONS: Final = frozenset({"Ref", "Fn::FindInMap", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split"})
_OF_A_TRANSFORM: Final = frozenset({"Fn::Length", "Fn::ToJsonString", "Fn::ForEach"})


def cloudformation_calls(context: RuleContext) -> Iterator[Finding]:
    """A finding for each call of an unknown function, in the wrong place, or with an argument of the wrong form."""
    for pointer, value in places(context.application):
        for call in calls(value, pointer):
            yield from _check(call, {**_FORMS, **dict.fromkeys(_OF_CONDITIONS)}, context)
    for name, expression in context.application.conditions.items():
        place: Pointer = ("conditions", name)
        if len(expression) != 1 or not set(expression) <= {*_OF_CONDITIONS, "Condition"}:
            hint = f"write {name}: !Equals [!Ref Stage, prod]"
            problem = "a condition is one call of !Equals, !And, !Or or !Not, or another's name"
            yield Finding(code="LK123", pointer=place, problem=problem, hint=hint)
        taken = {**dict.fromkeys(_FORMS), **_OF_CONDITIONS, **{each: _FORMS[each] for each in _IN_CONDITIONS}}
        for call in calls(expression, place):
            yield from _check(call, taken, context)


def _check(
    call: Call, taken: Mapping[str, tuple[Callable[[Any], bool], str] | None], context: RuleContext
) -> Iterator[Finding]:
    """taken: the functions, None for those that are known and do not stand here."""
    # What was refused left a gap, about which all is said.
    if not context.pruned.spares(*call.pointer):
        return
    if call.function not in taken:
        yield _unknown(call)
    elif (form := taken[call.function]) is None:
        stands = "in conditions only" if call.function in _OF_CONDITIONS else "in resources and outputs, not here"
        problem = f"{_short(call.function)} stands {stands}"
        hint = "declare a condition in `conditions`, and use it by !If" if call.function in _OF_CONDITIONS else ""
        yield Finding(code="LK122", pointer=call.pointer, at_key=True, problem=problem, hint=hint)
    elif not call.alone:
        problem = f"{call.function} stands beside other keys, and is the value alone"
        yield Finding(code="LK123", pointer=call.pointer, at_key=True, problem=problem, hint="leave the others out")
    elif not form[0](call.argument):
        problem = f"{_short(call.function)} cannot be given {given(call.argument)}"
        if isinstance(call.argument, list | dict):
            problem = f"{_short(call.function)} is given {given(call.argument)} of another form than it takes"
        yield Finding(code="LK123", pointer=call.pointer, at_key=True, problem=problem, hint=f"write {form[1]}")


def _unknown(call: Call) -> Finding:
    close = nearest(call.function, [*_FORMS, *_OF_CONDITIONS])
    hint = f"write {close}" if close else f"functions are {', '.join(_short(name) for name in _FORMS)}"
    problem = f"{quoted(call.function)} is no function of CloudFormation's"
    if call.function.partition("::")[2].partition("::")[0] and call.function.startswith(tuple(_OF_A_TRANSFORM)):
        problem = f"{call.function} needs the transform AWS::LanguageExtensions, which documents do not have"
        hint = "write out what it would give"
    return Finding(code="LK122", pointer=call.pointer, at_key=True, problem=problem, hint=hint)


def _short(function: str) -> str:
    return f"!{function.removeprefix('Fn::')}"
