"""What the directives of a template do: `#if`, `#foreach`, `#break`, `#stop`, `#macro` and `#define`.

`element` is an element of airspeed's, `out` takes the text, `names` are the template's variables, `work` counts.
Source: Apache Velocity Engine 1.7, "VTL Reference Guide", "User Guide"; API Gateway Developer Guide, "Quotas for
configuring and running a REST API in API Gateway" (1,000 rounds of `#foreach`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.rest.java_values import is_true
from lambdakit.harness.routing.rest.vtl_loop import Loop, LoopEnded, TemplateEnded
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Text, Work

_ROUNDS_MAX: Final = 1_000
_BREAK: Final = re.compile(r"#(?:break\b|\{break\})")
_OF_LOOPS: Final = ("foreach", "velocityCount", "velocityHasNext")
_MISSING: Final = object()
_Names = dict[str, Any]


def _evaluate(element: Any, out: Text, names: _Names, work: Work) -> None:
    work.spend(1)
    element.evaluate_raw(out, names, work)


def _choose(element: Any, out: Text, names: _Names, work: Work) -> None:
    for branch in (element, *element.elseifs):
        if is_true(branch.condition.calculate(names, work)):
            branch.block.evaluate(out, names, work)
            return
    element.else_block.evaluate(out, names, work)


def _repeat(element: Any, out: Text, names: _Names, work: Work) -> None:
    values = _several(element.value.calculate(names, work))
    loop = Loop(len(values), names.get("foreach"))
    outside = _taken_aside(names, (*_OF_LOOPS, element.loop_var_name))
    try:
        for value in values[:_ROUNDS_MAX]:
            names[element.loop_var_name] = value
            names |= loop.next_round()
            element.block.evaluate(out, names, work)
    except LoopEnded:
        pass
    finally:
        _put_back(names, outside)


def _several(value: Any) -> list[Any]:
    """What a loop goes through: a list's values, or a map's."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _define_macro(element: Any, _: Text, names: _Names, work: Work) -> None:
    names[f"#{element.function_name.lower()}"] = element


def _define_block(element: Any, _: Text, names: _Names, work: Work) -> None:
    names[element.function_name] = element


def _call_macro(element: Any, out: Text, names: _Names, work: Work) -> None:
    macro = names.get(f"#{element.macro_name}")
    if macro is None:
        out.write(element.my_text())
        return
    macro.execute_function(out, names, [each.calculate(names, work) for each in element.args], work)


def _execute(element: Any, out: Text, names: _Names, values: Sequence[Any], work: Work) -> None:
    outside = _taken_aside(names, element.arg_names)
    names |= {**dict.fromkeys(element.arg_names), **dict(zip(element.arg_names, values, strict=False))}
    try:
        element.block.evaluate(out, names, work)
    finally:
        _put_back(names, outside)


def _taken_aside(names: _Names, wanted: Sequence[str]) -> dict[str, Any]:
    return {name: names.get(name, _MISSING) for name in wanted}


def _put_back(names: _Names, outside: Mapping[str, Any]) -> None:
    for name, value in outside.items():
        if value is _MISSING:
            names.pop(name, None)
        else:
            names[name] = value


def _end_template(element: Any, out: Text, names: _Names, work: Work) -> None:
    raise TemplateEnded


def _refuse(element: Any, out: Text, names: _Names, work: Work) -> None:
    raise TemplateFailed(f"{element.my_text()[:40]}: mapping templates have no #include, #parse or #evaluate")


def parse_break(element: Any) -> None:
    """Reads `#break`, which airspeed does not know."""
    element.identity_match(_BREAK)


def end_loop(element: Any, out: Text, names: _Names, work: Work) -> None:
    """Does what `#break` says."""
    raise LoopEnded


# By the names of elements: their members.
DIRECTIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "_Element": {"evaluate": _evaluate},
    "IfDirective": {"evaluate_raw": _choose},
    "ForeachDirective": {"evaluate_raw": _repeat},
    "MacroDefinition": {"evaluate_raw": _define_macro},
    "DefineDefinition": {"evaluate_raw": _define_block},
    "MacroCall": {"evaluate_raw": _call_macro},
    "_FunctionDefinition": {"execute_function": _execute},
    "StopDirective": {"evaluate_raw": _end_template},
    "IncludeDirective": {"evaluate_raw": _refuse},
    "ParseDirective": {"evaluate_raw": _refuse},
    "EvaluateDirective": {"evaluate_raw": _refuse},
}
