"""How a stack's outputs are called: the construct's id in Pascal case, then what the output is."""

from __future__ import annotations

import re
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
    SynthesisError when another construct of the stack has an output of that name.
    """
    stack = Stack.of(construct)
    name = f"{pascal_case(construct.node.id)}{suffix}"
    if (found := stack.node.try_find_child(name)) is not None:
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
    return CfnOutput(stack, name, value=value, description=description)
