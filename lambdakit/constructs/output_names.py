"""How a stack's outputs are called: the construct's id in Pascal case, then what the output is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from constructs import Construct


def pascal_case(key: str) -> str:
    """`order_archive` as `OrderArchive`: each word's first letter large, everything but letters and digits gone."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", key))


def stack_output(construct: Construct, suffix: str, *, value: str, description: str) -> CfnOutput:
    """An output of the construct's stack, `OrdersUrl` for the construct `orders` and the suffix `Url`.

    It stands in the stack itself, so that its logical id is its name and does not change when the construct moves.
    One of that name and value is there once: of a resource that several share, and that is called as one of them.
    Where the name is taken, one of a construct within others has the nearest of their ids before it, as many as it
    needs: a construct around a pattern can be used twice, and has `EuOrdersUrl` beside `OrdersUrl`.
    SynthesisError when other constructs of the stack have all these names.
    """
    stack = Stack.of(construct)
    shortest = f"{pascal_case(construct.node.id)}{suffix}"
    for name in chain([shortest], _longer_names(construct, stack, shortest)):
        found = stack.node.try_find_child(name)
        if found is None:
            return CfnOutput(stack, name, value=value, description=description)
        if isinstance(found, CfnOutput) and stack.resolve(found.value) == stack.resolve(value):
            return found
    raise SynthesisError(
        Diagnostic(
            pointer=construct.node.path,
            problem=f"the stack already has a construct called {name}, the name of an output of this one",
            code="LK414",
            hint="give the two constructs ids that differ in more than case and punctuation",
        )
    )


def _longer_names(construct: Construct, stack: Stack, name: str) -> Iterator[str]:
    """`name` with the ids before it of the constructs between the construct and its stack, nearest first."""
    around = construct.node.scopes[len(stack.node.scopes) : -1]
    for scope in reversed(around):
        name = f"{pascal_case(scope.node.id)}{name}"
        yield name
