"""The functions that take lists apart, or make them."""

from __future__ import annotations

from lambdakit.assembly.cidr import split_block
from lambdakit.assembly.codes import WRONG_ARGUMENT
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place, shown


def select(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Select`. Source: Template Reference, "Fn::Select": the index counts from 0 and may not lie outside."""
    position, values = arguments(argument, place, 2)
    items = evaluator.items(values, place / 1)
    text = evaluator.text(position, place / 0)
    index = _count(text, place / 0)
    if index >= len(items):
        raise place.error(f"there is no element {index} in a list of {len(items)}", WRONG_ARGUMENT)
    return items[index]


def length(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Length`. Source: Template Reference, "Fn::Length": with AWS::LanguageExtensions only."""
    evaluator.require_language_extensions("Fn::Length", place)
    return len(evaluator.items(argument, place))


def cidr(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Cidr`. Source: Template Reference, "Fn::Cidr"."""
    block, count, bits = arguments(argument, place, 3)
    return split_block(
        evaluator.text(block, place / 0),
        count=_count(evaluator.text(count, place / 1), place / 1),
        host_bits=_count(evaluator.text(bits, place / 2), place / 2),
        place=place,
    )


def _count(text: str, place: Place) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise place.error(f"{shown(text)} is not a whole number from 0 on", WRONG_ARGUMENT)
    return int(text)
