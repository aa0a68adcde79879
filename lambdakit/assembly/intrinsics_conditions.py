"""The functions of truth values.

Source: CloudFormation Template Reference, "Condition functions".
"""

from __future__ import annotations

from lambdakit.assembly.codes import UNKNOWN_REFERENCE, WRONG_ARGUMENT
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.scopes import NO_VALUE

_OPERANDS = range(2, 11)


def if_(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::If`: only the branch that is taken is evaluated."""
    name, then, otherwise = arguments(argument, place, 3)
    if _named(evaluator, name, place / 0):
        return evaluator.evaluate(then, place / 1)
    return evaluator.evaluate(otherwise, place / 2)


def condition(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Condition`: the value of another condition."""
    return _named(evaluator, argument, place)


def equals(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Equals`: numbers and truth values are compared as text, which is case-sensitive."""
    left, right = arguments(argument, place, 2)
    return _comparable(evaluator, left, place / 0) == _comparable(evaluator, right, place / 1)


def not_(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Not`."""
    (operand,) = arguments(argument, place, 1)
    return not _truth(evaluator, operand, place / 0)


def and_(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::And`, of 2 to 10 operands."""
    return all(_operands(evaluator, argument, place))


def or_(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Or`, of 2 to 10 operands."""
    return any(_operands(evaluator, argument, place))


def _operands(evaluator: Evaluator, argument: object, place: Place) -> list[bool]:
    if not isinstance(argument, list) or len(argument) not in _OPERANDS:
        raise place.error(f"{shown(argument)} is not a list of 2 to 10 conditions", WRONG_ARGUMENT)
    return [_truth(evaluator, operand, place / index) for index, operand in enumerate(argument)]


def _truth(evaluator: Evaluator, operand: object, place: Place) -> bool:
    value = evaluator.evaluate(operand, place)
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise place.error(f"{shown(value)} is neither true nor false", WRONG_ARGUMENT)


def _named(evaluator: Evaluator, name: object, place: Place) -> bool:
    if not isinstance(name, str):
        raise place.error(f"{shown(name)} is not the name of a condition", WRONG_ARGUMENT)
    if name not in evaluator.conditions:
        hint = nearest(name, evaluator.template.conditions, otherwise="declare it under Conditions")
        raise place.error(f"there is no condition {shown(name)}", UNKNOWN_REFERENCE, hint=hint)
    return evaluator.conditions[name]


def _comparable(evaluator: Evaluator, operand: object, place: Place) -> object:
    value = evaluator.evaluate(operand, place)
    if value is NO_VALUE:
        raise place.error("AWS::NoValue cannot be compared", WRONG_ARGUMENT)
    text = as_text(value)
    return value if text is None else text
