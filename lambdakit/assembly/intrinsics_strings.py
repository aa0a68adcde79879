"""The functions that make text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.assembly.codes import WRONG_ARGUMENT
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.scopes import NO_VALUE

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
# Source: CloudFormation's validation: "variable names in Fn::Sub syntax must contain only alphanumeric characters,
# underscores, periods, and colons"
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.:]+")


def join(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Join`. Source: Template Reference, "Fn::Join"."""
    delimiter, values = arguments(argument, place, 2)
    if not isinstance(delimiter, str):
        raise (place / 0).error(f"{shown(delimiter)} is not a string", WRONG_ARGUMENT)
    texts = evaluator.texts(values, place / 1)
    evaluator.budget.spend(place, characters=sum(map(len, texts)) + len(delimiter) * len(texts))
    return delimiter.join(texts)


def split(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Split`. Source: Template Reference, "Fn::Split"."""
    delimiter, source = arguments(argument, place, 2)
    if not isinstance(delimiter, str) or delimiter == "":
        raise (place / 0).error(f"{shown(delimiter)} is not a non-empty string", WRONG_ARGUMENT)
    text = evaluator.text(source, place / 1)
    evaluator.budget.spend(place, characters=len(text), elements=text.count(delimiter) + 1)
    return text.split(delimiter)


def encode_base64(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Base64`. Source: Template Reference, "Fn::Base64"."""
    text = evaluator.text(argument, place)
    evaluator.budget.spend(place, characters=2 * len(text))
    return base64.b64encode(text.encode()).decode()


def to_json_string(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::ToJsonString`: compact, in the order written.

    Source: Template Reference, "Fn::ToJsonString": an object or a list; with AWS::LanguageExtensions only.
    """
    evaluator.require_language_extensions("Fn::ToJsonString", place)
    value = evaluator.evaluate(argument, place)
    if not isinstance(value, dict | list):
        raise place.error("only an object or a list can become a JSON string", WRONG_ARGUMENT)
    chunks = []
    for chunk in json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).iterencode(value):
        evaluator.budget.spend(place, characters=len(chunk))
        chunks.append(chunk)
    return "".join(chunks)


def sub(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::Sub`, with or without variables of its own.

    `${Name}` is as Ref, `${Name.Attribute}` as Fn::GetAtt, `${!Text}` is the text `${Text}`; a `$` before anything
    else is a dollar sign. Source: Template Reference, "Fn::Sub".
    """
    text, variables = sub_parts(argument, place)
    parts: list[str] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        parts += (text[end : match.start()], _substitute(evaluator, match[1], variables, place))
        evaluator.budget.spend(place, characters=sum(map(len, parts[-2:])))
        end = match.end()
    evaluator.budget.spend(place, characters=len(text) - end)
    return "".join([*parts, text[end:]])


def sub_parts(argument: object, place: Place) -> tuple[str, Mapping[str, object]]:
    """The text of a `Fn::Sub` and its own variables."""
    if isinstance(argument, str):
        return argument, {}
    text, variables = arguments(argument, place, 2)
    if not isinstance(text, str):
        raise (place / 0).error(f"{shown(text)} is not a string", WRONG_ARGUMENT)
    if not isinstance(variables, dict):
        raise (place / 1).error(f"{shown(variables)} is not an object of variables", WRONG_ARGUMENT)
    return text, variables


def sub_names(text: str) -> Sequence[str]:
    """The names of the variables in the text of a `Fn::Sub`, each as often as it occurs."""
    return [name for name in _VARIABLE.findall(text) if not name.startswith("!")]


def _substitute(evaluator: Evaluator, name: str, variables: Mapping[str, object], place: Place) -> str:
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    if name in variables:
        at = place / 1 / name
        return evaluator.text(variables[name], at)
    if not _VARIABLE_NAME.fullmatch(name):
        problem = f"{shown('${' + name + '}')} is not the name of a variable: letters, digits, '_', '.' and ':' only"
        raise place.error(problem, WRONG_ARGUMENT, hint=f"for the literal text write ${{!{name}}}")
    value = _lookup(evaluator, name, place)
    # Observed by users of CloudFormation: ${AWS::NoValue} is the empty text.
    text = "" if value is NO_VALUE else as_text(value)
    if text is None:
        raise place.error(f"{shown('${' + name + '}')} is {shown(value)}, not a string", WRONG_ARGUMENT)
    return text


def _lookup(evaluator: Evaluator, name: str, place: Place) -> object:
    logical_id, dot, attribute = name.partition(".")
    if dot:
        return evaluator.scope.attribute(logical_id, attribute, place)
    return evaluator.scope.reference(name, place)
