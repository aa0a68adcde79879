"""How mapping templates of AppSync differ from API Gateway's: `#return`, and references to nothing write themselves.

Source: AppSync Developer Guide, "AWS AppSync directives", "AWS AppSync resolver mapping template programming guide"
("Variables": a reference to nothing is written as it stands, a quiet one is not); Apache Velocity Engine 1.7, "User
Guide", "Quiet Reference Notation".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.rest.java_values import text_of
from lambdakit.harness.routing.rest.vtl_grammar import new_grammar
from lambdakit.harness.routing.rest.vtl_references import steps_of
from lambdakit.harness.routing.rest.vtl_work import Text, Work

_RETURN: Final = re.compile(r"#(?:return\b|\{return\})")
_OPEN: Final = re.compile(r"[ \t]*\(\s*")
_CLOSE: Final = re.compile(r"\s*\)")
# Methods of Java that give nothing at all, of which Velocity writes nothing, and how many arguments they have.
_VOID: Final = frozenset({("putAll", 1), ("clear", 0), ("add", 2)})


class TemplateReturned(Exception):
    """`#return`, with the value that it was given."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@functools.cache
def resolver_grammar() -> Any:
    """The grammar of AppSync's templates: see `vtl_grammar.new_grammar`."""
    return new_grammar(
        {"FormalReference": {"evaluate_raw": _write}},
        [{"parse": _parse_return, "evaluate_raw": _return}],
    )


def _write(element: Any, out: Text, names: dict[str, Any], work: Work) -> None:
    if element.expression is None:
        out.write(element.my_text())
        return
    value = element.expression.calculate(names, work)
    if value is None and element.alternate is not None:
        value = element.alternate.calculate(names, work)
    if value is not None:
        out.write(text_of(value, work.spend))
    elif not element.silent and not _is_void(element):
        out.write(element.my_text())


def _is_void(element: Any) -> bool:
    last = steps_of(element.expression)[-1]
    parameters = getattr(last, "parameters", None)
    return parameters is not None and (last.name, len(getattr(parameters.values, "values", ()))) in _VOID


def _parse_return(element: Any) -> None:
    element.identity_match(_RETURN)
    element.value = None
    if element.optional_match(_OPEN):
        if element.optional_match(_CLOSE):
            return
        element.value = element.require_next_element(element.grammar.Expression, "an expression")
        element.require_match(_CLOSE, "closing paren")


def _return(element: Any, _: Text, names: Mapping[str, Any], work: Work) -> None:
    raise TemplateReturned(None if element.value is None else element.value.calculate(names, work))
