"""The values of a template's conditions, all of them, before any resource.

Source: CloudFormation User Guide, "CloudFormation template Conditions syntax".
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import CIRCULAR_RESOURCES
from lambdakit.assembly.evaluation import Evaluator
from lambdakit.assembly.functions import CONDITION_FUNCTIONS
from lambdakit.assembly.place import shown
from lambdakit.assembly.scopes import ParameterScope
from lambdakit.assembly.topological_order import CircularOrder, topological_order
from lambdakit.errors import AssemblyError, Diagnostic


def evaluate_conditions(scope: ParameterScope) -> Mapping[str, bool]:
    """Name -> value of every condition of the scope's template. AssemblyError with everything that is wrong."""
    template = scope.template
    place = template.place("Conditions")
    try:
        order = topological_order({name: _needs(template.conditions, name) for name in template.conditions})
    except CircularOrder as error:
        raise place.error(f"these conditions need one another: {error}", CIRCULAR_RESOURCES) from None

    values: dict[str, bool] = {}
    faults: list[Diagnostic] = []
    evaluator = Evaluator(
        template,
        scope=scope,
        region=scope.pseudo.region,
        conditions=values,
        functions=CONDITION_FUNCTIONS,
        budget=Budget(),
    )
    for name in order:
        try:
            value = evaluator.evaluate(template.conditions[name], place / name)
            if not isinstance(value, bool):
                raise (place / name).error(f"{shown(value)} is neither true nor false", hint="use a condition function")
            values[name] = value
        except AssemblyError as error:
            faults += error.diagnostics
            # Named by others, it must not be reported once more for each of them.
            values[name] = False
    if faults:
        raise AssemblyError(*faults)
    return values


def _needs(conditions: Mapping[str, object], name: str) -> list[str]:
    """The conditions that this one names, in `Condition` or `Fn::If`."""
    found: list[str] = []
    pending = [conditions[name]]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            pending += value.values()
            choice = value.get("Fn::If")
            named = [value.get("Condition"), *(choice[:1] if isinstance(choice, list) else [])]
            found += [item for item in named if isinstance(item, str) and item in conditions]
    return found
