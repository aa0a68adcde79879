"""What references and expressions of a template give, and what an assignment changes.

`element` is an element of airspeed's, `names` the template's variables, `work` counts.
Source: Apache Velocity Engine 1.7, "VTL Reference Guide", "User Guide".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.rest.java_values import are_equal, asked, is_before, is_true, reckoned, text_of
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Text, Work

_RANGE_MAX: Final = 100_000
_STRENGTH: Final[Mapping[str, int]] = {
    **{"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
}
_Names = dict[str, Any]


def _reference(element: Any, names: _Names, work: Work, _: Any = None) -> Any:
    """What `$name.member.method()[0]` gives; nothing as soon as a part of it does."""
    first, *rest = steps_of(element)
    work.spend(1 + len(rest))
    value = _variable(first, names, work) if first.parameters is None else None
    for step in rest:
        if value is None:
            return None
        value = _taken(step, value, names, work)
    return value


def steps_of(element: Any) -> list[Any]:
    """A reference as what is done one after the other: names, calls and indices."""
    grammar, steps = element.grammar, []
    while element is not None:
        if isinstance(element, grammar.VariableExpression):
            steps.append(element.part)
            if element.part.index is not None:
                steps.append(element.part.index)
            element = element.subexpression
        elif isinstance(element.expression, grammar.ArrayIndex):
            steps.append(element.expression)
            element = element.subexpression
        else:
            element = element.expression
    return steps


def _variable(step: Any, names: _Names, work: Work) -> Any:
    value = names.get(step.name)
    if not isinstance(value, step.grammar._FunctionDefinition):
        return value
    out = Text(work)
    value.execute_function(out, names, [], work)
    return out.text()


def _taken(step: Any, value: Any, names: _Names, work: Work) -> Any:
    if isinstance(step, step.grammar.ArrayIndex):
        return _at(value, step.calculate(names, work))
    if step.parameters is None:
        return _property(value, step.name, work)
    return _called(value, step.name, step.parameters.calculate(names, work), work)


def _at(value: Any, key: Any) -> Any:
    """`value[key]`."""
    if isinstance(value, list) and isinstance(key, int):
        return value[_within(value, key)]
    return value.get(key) if isinstance(value, dict) and isinstance(key, str | int) else None


def _within(values: Sequence[Any], index: int) -> int:
    if not -len(values) <= index < len(values):
        raise TemplateFailed(f"there is no [{index}] in a list of {len(values)}")
    return index


def _property(value: Any, name: str, work: Work) -> Any:
    """`value.name`: an entry of a map, or what `getName()` or `isName()` gives."""
    if isinstance(value, dict):
        return value.get(name)
    properties = getattr(value, "template_properties", None)
    if callable(properties):
        return properties().get(name)
    capital = name[:1].upper() + name[1:]
    given = asked(value, f"get{capital}", [], work.spend)
    return asked(value, f"is{capital}", [], work.spend) if given is None else given


def _called(value: Any, name: str, arguments: list[Any], work: Work) -> Any:
    methods = getattr(value, "template_methods", None)
    if not callable(methods):
        return asked(value, name, arguments, work.spend)
    method = methods().get(name)
    if method is None:
        return None
    work.spend(sum(len(each) >> 6 for each in arguments if isinstance(each, str)))
    try:
        return method(*arguments)
    except (TypeError, ValueError, AttributeError) as error:
        raise TemplateFailed(f"{name}: {error}") from None


def _write(element: Any, out: Text, names: _Names, work: Work) -> None:
    """A reference in the text. One to nothing leaves nothing: see `java_values`."""
    if element.expression is None:
        out.write(element.my_text())
        return
    value = element.expression.calculate(names, work)
    if value is None and element.alternate is not None:
        value = element.alternate.calculate(names, work)
    out.write(text_of(value, work.spend))


def _assign(element: Any, _: Text, names: _Names, work: Work) -> None:
    value = element.value.calculate(names, work)
    if element.place.expression is None:
        raise TemplateFailed("#set names no variable")
    if value is None:
        return  # User Guide, "Setting References": nothing is assigned, and what was there stays
    *before, last = steps_of(element.place.expression)
    if not before:
        names[last.name] = value
        return
    container = _variable(before[0], names, work)
    for step in before[1:]:
        container = None if container is None else _taken(step, container, names, work)
    is_index = isinstance(last, last.grammar.ArrayIndex)
    _put(container, last.calculate(names, work) if is_index else last.name, value)


def _put(container: Any, key: Any, value: Any) -> None:
    """An assignment below a variable; nothing happens where there is nothing to put it into."""
    if isinstance(container, dict) and isinstance(key, str | int):
        container[key] = value
    elif isinstance(container, list) and isinstance(key, int):
        container[_within(container, key)] = value


def _interpolated(element: Any, names: _Names, work: Work) -> str:
    out = Text(work)
    element.block.evaluate(out, names, work)
    return out.text()


def _dictionary(element: Any, names: _Names, work: Work) -> dict[str, Any]:
    return {
        text_of(key.calculate(names, work), work.spend): value.calculate(names, work)
        for key, value in element.local_data.items()
    }


def _range(element: Any, names: _Names, work: Work) -> list[int] | None:
    first, last = element.value1.calculate(names, work), element.value2.calculate(names, work)
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    if abs(first - last) > _RANGE_MAX:
        raise TemplateFailed(f"the range from {first} to {last} has more than {_RANGE_MAX:,} numbers")
    return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))


def _not(element: Any, names: _Names, work: Work) -> bool:
    return not is_true(element.value.calculate(names, work))


def _expression(element: Any, names: _Names, work: Work) -> Any:
    work.spend(len(element.expression))
    return _worked_out(element.expression, lambda value: value.calculate(names, work), work)


def _worked_out(terms: Sequence[Any], value_of: Callable[[Any], Any], work: Work) -> Any:
    """Values with operators between them, each value worked out only when it is wanted."""
    position = 0

    def climb(weakest: int, wanted: bool) -> Any:
        nonlocal position
        left = value_of(terms[position]) if wanted else None
        position += 1
        while position < len(terms) and _STRENGTH[terms[position].sign] >= weakest:
            sign = terms[position].sign
            position += 1
            decided = (sign == "&&" and not is_true(left)) or (sign == "||" and is_true(left))
            right = climb(_STRENGTH[sign] + 1, wanted and not decided)
            if wanted:
                left = (sign == "||") if decided else _combined(sign, left, right, work)
        return left

    return climb(0, True)


def _combined(sign: str, left: Any, right: Any, work: Work) -> Any:
    match sign:
        case "&&" | "||":
            return is_true(right)
        case "==":
            return are_equal(left, right, work.spend)
        case "!=":
            return not are_equal(left, right, work.spend)
        case "<" | ">=":
            before = is_before(left, right)
            return before is not None and before == (sign == "<")
        case ">" | "<=":
            after = is_before(right, left)
            return after is not None and after == (sign == ">")
    return reckoned(sign, left, right, work.spend)


# By the names of elements: their members.
REFERENCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "VariableExpression": {"calculate": _reference},
    "FormalReference": {"evaluate_raw": _write},
    "SetDirective": {"evaluate_raw": _assign},
    "InterpolatedStringLiteral": {"calculate": _interpolated},
    "DictionaryLiteral": {"calculate": _dictionary},
    "Range": {"calculate": _range},
    "UnaryOperatorValue": {"calculate": _not},
    "Expression": {"calculate": _expression},
}
