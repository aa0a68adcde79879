"""Two functions of one application have different names."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.authorizers import AuthorizerFunction
from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import Route
from lambdakit.spec.pointer import Pointer, render_pointer
from lambdakit.spec.rules.rule import RuleContext


def function_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each function whose name an earlier one has."""
    seen: dict[str, Pointer] = {}
    for function in context.functions:
        first = seen.setdefault(function.name, function.pointer)
        if first == function.pointer:
            # That of any other pattern has a function of that name, which is the finding.
            if function.pointer[0] == "functions" and function.name in dict(context.api_backends()):
                yield _named_like_pattern(function.name)
            continue
        named = isinstance(function.written, Route | AuthorizerFunction) and function.written.name is not None
        hint = f"give it another name, or write {{function: {function.name}}} to share the function"
        if first[:2] != function.pointer[:2] and function.pointer[0] == "patterns":
            hint = f"give it another name, such as {function.pointer[1]}_{function.name}"
        if not isinstance(function.written, Route | AuthorizerFunction):
            hint = "give the pattern another key, by which its function is called"
        yield Finding(
            code="LK130",
            pointer=(*function.pointer, "name") if named else function.pointer,
            problem=f"the function is called {function.name}, as is that of {render_pointer(first)}",
            hint=hint,
        )


def _named_like_pattern(name: str) -> Finding:
    return Finding(
        code="LK130",
        pointer=("functions", name),
        at_key=True,
        problem=f"a pattern is called {name}, too, and both are parts of one stack",
        hint="give one of the two another name",
    )
