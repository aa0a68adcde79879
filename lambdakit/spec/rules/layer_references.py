"""Layers that functions name exist."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import quoted


def layer_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each layer that is not defined, or named twice by one function."""
    lists: list[tuple[Pointer, list[str]]] = [(("defaults", "layers"), context.application.defaults.layers or [])]
    lists += [((*function.pointer, "layers"), function.written.layers) for function in context.functions]
    known = list(context.application.layers)
    for pointer, names in lists:
        for place, name in enumerate(names):
            if name not in known and context.pruned.spares("layers"):
                close = nearest(name, known)
                hint = f"write {close}" if close else f"add it: `layers: {{{name}: {{code: layers/{name}}}}}`"
                problem = f"{quoted(name)} is not a layer of this document"
                yield Finding(code="LK132", pointer=(*pointer, place), problem=problem, hint=hint)
            elif name in names[:place]:
                problem = f"the layer {quoted(name)} is named twice"
                yield Finding(code="LK132", pointer=(*pointer, place), problem=problem, hint="leave one of the two out")
