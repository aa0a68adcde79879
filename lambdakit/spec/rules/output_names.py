"""The keys of patterns give different output names.

Outputs are called by the key in PascalCase and a suffix: `orders` gives `OrdersUrl`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.names import pascal_case
from lambdakit.spec.rules.rule import RuleContext


def output_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each pattern whose outputs an earlier one has."""
    seen: dict[str, str] = {}
    for key in context.application.patterns:
        name = pascal_case(key)
        first = seen.setdefault(name, key)
        if first != key:
            yield Finding(
                code="LK139",
                pointer=("patterns", key),
                at_key=True,
                problem=f"{key} and {first} both give outputs called {name}Url and the like",
                hint="give one of the two another key",
            )
