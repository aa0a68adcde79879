"""The document's `functions`, each as a function of the stack's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.compiler.bindings.function import function_properties
from lambdakit.constructs.lone_function import lone_function
from lambdakit.constructs.output_names import pascal_case

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.function import FunctionSettings


def bind(scope: BindingScope, name: str, settings: FunctionSettings) -> lambda_.IFunction:
    """Adds the function called `name` to the stack; its alias, which is what others invoke."""
    stack = scope.stack.node.path
    scope.source_map.record(f"{stack}/{name}", ("functions", name))
    scope.source_map.record(f"{stack}/{pascal_case(name)}FunctionArn", ("functions", name))
    # No key of a pattern or a resource begins with a colon.
    properties = function_properties(scope, f":{name}", ("functions", name), settings)
    return lone_function(scope.stack, name, properties).alias
