"""The functions that exist in the Rules section only.

Source: CloudFormation Template Reference, "Rule functions".
"""

from __future__ import annotations

from lambdakit.assembly.codes import UNKNOWN_INTRINSIC
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place


def contains(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Contains`: whether the text is one of the list."""
    values, value = arguments(argument, place, 2)
    return evaluator.text(value, place / 1) in evaluator.texts(values, place / 0)


def each_member_equals(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::EachMemberEquals`: whether every text of the list is this one."""
    values, value = arguments(argument, place, 2)
    expected = evaluator.text(value, place / 1)
    return all(text == expected for text in evaluator.texts(values, place / 0))


def each_member_in(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::EachMemberIn`: whether every text of the first list is one of the second."""
    checked, allowed = arguments(argument, place, 2)
    return set(evaluator.texts(checked, place / 0)) <= set(evaluator.texts(allowed, place / 1))


def refuse_account_look_up(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::RefAll`, `Fn::ValueOf` and `Fn::ValueOfAll`, which look at the account's own VPCs, subnets and groups."""
    raise place.error(
        "rules that look up existing resources of the account are not supported",
        UNKNOWN_INTRINSIC,
        hint="remove the rule for this deployment",
    )
