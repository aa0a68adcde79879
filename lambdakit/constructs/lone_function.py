"""A function of no pattern, which state machines and other functions invoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.output_names import stack_output

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.constructs.function_properties import FunctionProperties

_CALLERS: Final = "State machines and functions that invoke it wait for the answer, and hear of an error themselves."


def lone_function(scope: Construct, id: str, properties: FunctionProperties) -> LambdaFunction:
    """The function, and the stack's output `<Id>FunctionArn`: its alias, which is what callers invoke."""
    made = LambdaFunction(scope, id, **properties.keywords())
    acknowledge_no_dead_letters(made, _CALLERS)
    stack_output(made, "FunctionArn", value=made.alias.function_arn, description=f"Alias of the function {id}")
    return made
