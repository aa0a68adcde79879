"""The import statements of a module, sorted as `ruff check --select I` has them, and what they make of names."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from lambdakit.compiler.ejection.expressions import Expression, Module, Reference
from lambdakit.compiler.ejection.layout import WIDTH
from lambdakit.compiler.ejection.names import Names, class_name

_CDK: Final = "aws_cdk"
# What the package itself exports, by the module that defines it.
PUBLIC_CONSTRUCTS: Final = {
    ("lambdakit.constructs.api_backend", "ApiBackend"): "lambdakit",
    ("lambdakit.constructs.event_processing", "EventProcessing"): "lambdakit",
    ("lambdakit.constructs.lambda_function", "LambdaFunction"): "lambdakit",
    ("lambdakit.constructs.stream_processing", "StreamProcessing"): "lambdakit",
}


class Imports:
    """What is imported, by short names that are all different. taken: names of the module's own."""

    def __init__(self, *, taken: Iterable[str] = ()) -> None:
        self._names = Names(taken)
        self._short: dict[tuple[str, str], str] = {}

    def add(self, expression: Expression) -> None:
        """Imports what the expression itself names, and not what its parts do."""
        if isinstance(expression, Reference):
            self.words(expression.module, expression.name)
        elif isinstance(expression, Module):
            self.words(expression.name, None)

    def words(self, module: str, name: str | None) -> str:
        """How the module's code says the name of another module, or that module: `s3.Bucket`, `Stack`, `s3`."""
        if name is None:
            package, _, last = module.rpartition(".")
            return self._short_name(package, last, _alias(module, last))
        if module.startswith(f"{_CDK}."):
            return f"{self.words(module, None)}.{name}"
        first, dot, rest = name.partition(".")
        home = PUBLIC_CONSTRUCTS.get((module, first), module)
        return self._short_name(home, first, first) + dot + rest

    @property
    def short_names(self) -> frozenset[str]:
        """Every name that an import binds."""
        return frozenset(self._short.values())

    def statements(self) -> str:
        """The import statements, without a line end after the last."""
        sections: dict[bool, list[str]] = {True: [], False: []}
        modules = sorted({module for module, _ in self._short}, key=str.lower)
        for module in modules:
            sections[module.partition(".")[0] in sys.stdlib_module_names] += self._of(module)
        return "\n\n".join("\n".join(section) for section in sections.values() if section)

    def _short_name(self, module: str, name: str, wanted: str) -> str:
        known = self._short.get((module, name))
        if known is None:
            known = self._names.give(wanted)
            if known != wanted and wanted == name:
                known = self._names.give(class_name(module.rpartition(".")[2]) + name)
            self._short[module, name] = known
        return known

    def _of(self, module: str) -> Iterator[str]:
        bound = {name: short for (home, name), short in self._short.items() if home == module}
        plain = sorted((name for name, short in bound.items() if name == short), key=_order)
        if plain:
            line = f"from {module} import {', '.join(plain)}"
            broken = "".join(f"    {name},\n" for name in plain)
            yield line if len(line) <= WIDTH else f"from {module} import (\n{broken})"
        for name in sorted((name for name, short in bound.items() if name != short), key=_order):
            yield f"from {module} import {name} as {bound[name]}"


def _alias(module: str, last: str) -> str:
    """`s3` for `aws_cdk.aws_s3`, and `lambda_` for `aws_cdk.aws_lambda`."""
    return Names(()).give(last.removeprefix("aws_")) if module.startswith(f"{_CDK}.") else last


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower()
