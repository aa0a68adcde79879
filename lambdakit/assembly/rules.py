"""The rules that a template sets for its parameters.

Source: CloudFormation User Guide, "CloudFormation template Rules syntax".
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import RULE_VIOLATED
from lambdakit.assembly.evaluation import Evaluator
from lambdakit.assembly.functions import RULE_FUNCTIONS
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.place import Place, shown
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.scopes import ParameterScope
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError, Diagnostic


def check_rules(template: Template, parameters: Mapping[str, ParameterValue], pseudo: PseudoParameters) -> None:
    """AssemblyError with every assertion that does not hold, under a rule that applies."""
    evaluator = Evaluator(
        template,
        scope=ParameterScope(template, parameters, pseudo),
        region=pseudo.region,
        conditions={},
        functions=RULE_FUNCTIONS,
        budget=Budget(),
    )
    faults: list[Diagnostic] = []
    for name, rule in template.rules.items():
        try:
            faults += _violations(evaluator, rule, template.place(f"Rules.{name}"))
        except AssemblyError as error:
            faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)


def _violations(evaluator: Evaluator, rule: Mapping[str, object], place: Place) -> list[Diagnostic]:
    if "RuleCondition" in rule and not _holds(evaluator, rule["RuleCondition"], place / "RuleCondition"):
        return []
    found: list[Diagnostic] = []
    assertions = (place / "Assertions").sequence(rule.get("Assertions"))
    for index, item in enumerate(assertions):
        here = place / "Assertions" / index
        assertion = here.mapping(item)
        if "Assert" not in assertion:
            raise here.error("this assertion has no Assert")
        if not _holds(evaluator, assertion["Assert"], here / "Assert"):
            described = assertion.get("AssertDescription")
            problem = f"the assertion does not hold: {described}" if described else "the assertion does not hold"
            found += here.error(problem, RULE_VIOLATED, hint="change the parameters that it names").diagnostics
    return found


def _holds(evaluator: Evaluator, value: object, place: Place) -> bool:
    result = evaluator.evaluate(value, place)
    if not isinstance(result, bool):
        raise place.error(f"{shown(result)} is neither true nor false", hint="use a rule function")
    return result
