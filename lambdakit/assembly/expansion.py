"""What CloudFormation does to a template before it looks at the resources: transforms and loops.

`AWS::Include` and `AWS::LanguageExtensions` are carried out, and `AWS::Serverless-2016-10-31` by a function that the
caller passes. Without it, that macro and AWS's others that rewrite resources of certain types only are passed by:
whoever creates resources refuses those types or properties, by name. Any other macro is a function in the account and
is refused.

Source: CloudFormation Template Reference, "AWS::Include transform", "AWS::LanguageExtensions transform",
"Fn::Transform".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import NOT_FOUND, UNSUPPORTED_TRANSFORM, WRONG_ARGUMENT
from lambdakit.assembly.conditions import evaluate_conditions
from lambdakit.assembly.evaluation import Evaluator
from lambdakit.assembly.foreach import unroll
from lambdakit.assembly.functions import PROPERTY_FUNCTIONS
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.place import Place, shown
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.scopes import NO_VALUE, ParameterScope
from lambdakit.assembly.template import (
    LANGUAGE_EXTENSIONS,
    SERVERLESS,
    TRANSFORM_FUNCTION,
    Template,
    is_loop,
    parse_template,
)
from lambdakit.errors import AssemblyError

INCLUDE: Final = "AWS::Include"

# `AWS::Serverless-…` rewrites `AWS::Serverless::*`, `AWS::SecretsManager-…` the `HostedRotationLambda` of a schedule.
# Source: CloudFormation Template Reference, "AWS::Serverless transform", "AWS::SecretsManager transform"
_LEFT_TO_RESOURCES: Final = (
    SERVERLESS,
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
)

# Makes JSON without AWS SAM of a template, given the values of its parameters.
ServerlessMacro: TypeAlias = Callable[[Template, Mapping[str, ParameterValue], PseudoParameters], Mapping[str, object]]

_LOOPING_SECTIONS: Final = ("Resources", "Outputs", "Conditions")
_POLICIES: Final = ("DeletionPolicy", "UpdateReplacePolicy")


def expand(
    template: Template,
    parameters: Mapping[str, ParameterValue],
    pseudo: PseudoParameters,
    *,
    include: Callable[[str], object] | None = None,
    serverless: ServerlessMacro | None = None,
) -> Template:
    """The template with its transforms carried out; the same object when there is nothing to do.

    include: the JSON at an `s3://` location; LookupError when there is none, ValueError when it is no part of a
    template. Absence: includes are refused.
    serverless: carries AWS SAM's transform out. Absence: what it would transform is left as it is.
    AssemblyError for a macro that cannot be carried out here.
    """
    _check_transforms(template)
    unrolled = _unrolled(template, parameters, pseudo, include)
    if serverless is not None and unrolled.uses_serverless:
        raw = dict(serverless(unrolled, parameters, pseudo))
        if unrolled.uses_language_extensions:
            raw["Transform"] = LANGUAGE_EXTENSIONS
        unrolled = parse_template(raw, path=template.path, construct_paths=template.construct_paths)
    if unrolled is template or not unrolled.uses_language_extensions:
        return unrolled
    return _with_extended_names(unrolled, ParameterScope(unrolled, parameters, pseudo))


def _unrolled(
    template: Template,
    parameters: Mapping[str, ParameterValue],
    pseudo: PseudoParameters,
    include: Callable[[str], object] | None,
) -> Template:
    """With what is included in place and without loops; the same object when there is neither."""
    if not any(transform.name in (INCLUDE, LANGUAGE_EXTENSIONS) for transform in template.transform):
        if not _asks_for_expansion(template.raw):
            return template
    scope = ParameterScope(template, parameters, pseudo)
    evaluator = Evaluator(
        template, scope=scope, region=pseudo.region, conditions={}, functions=PROPERTY_FUNCTIONS, budget=Budget()
    )
    raw = _Inclusion(evaluator, include).whole(template)
    for section in _LOOPING_SECTIONS:
        if section in raw:
            raw[section] = unroll(raw[section], evaluator, template.place(section))
    return parse_template(raw, path=template.path, construct_paths=template.construct_paths)


def _check_transforms(template: Template) -> None:
    for transform in template.transform:
        if transform.name not in (INCLUDE, LANGUAGE_EXTENSIONS, *_LEFT_TO_RESOURCES):
            raise _refuse(transform.name, template.place("Transform"))


def _refuse(name: str, place: Place) -> AssemblyError:
    return place.error(
        f"the transform {shown(name)} is not supported; {INCLUDE}, {LANGUAGE_EXTENSIONS} and {SERVERLESS} are",
        UNSUPPORTED_TRANSFORM,
        hint="write out the resources that it would produce",
    )


def _asks_for_expansion(raw: Mapping[str, object]) -> bool:
    pending: list[object] = [raw]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if any(key == TRANSFORM_FUNCTION or is_loop(key) for key in value):
                return True
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return False


class _Inclusion:
    """Puts the content of other files into the template, wherever a transform asks for it."""

    def __init__(self, evaluator: Evaluator, include: Callable[[str], object] | None) -> None:
        self._evaluator = evaluator
        self._include = include

    def whole(self, template: Template) -> dict[str, object]:
        result = dict(self._object(template.raw, template.place()))
        for transform in template.transform:
            if transform.name == INCLUDE:
                place = template.place("Transform")
                result = _merge(self._content(transform.parameters, place), result, place)
        return result

    def _within(self, value: object, place: Place) -> object:
        if isinstance(value, dict):
            return self._object(value, place)
        if isinstance(value, list):
            return [self._within(item, place / index) for index, item in enumerate(value)]
        return value

    def _object(self, value: Mapping[str, object], place: Place) -> dict[str, object]:
        own = {key: self._within(item, place / key) for key, item in value.items() if key != TRANSFORM_FUNCTION}
        if TRANSFORM_FUNCTION not in value:
            return own
        at = place / TRANSFORM_FUNCTION
        macro = at.mapping(value[TRANSFORM_FUNCTION])
        name = (at / "Name").text(macro.get("Name"))
        if name != INCLUDE:
            raise _refuse(name, at)
        return _merge(self._content((at / "Parameters").mapping(macro.get("Parameters")), at), own, at)

    def _content(self, parameters: Mapping[str, object], place: Place) -> Mapping[str, object]:
        if set(parameters) != {"Location"}:
            raise place.error(f"{INCLUDE} takes one parameter, Location", WRONG_ARGUMENT)
        location = self._evaluator.text(parameters["Location"], place / "Parameters" / "Location")
        if self._include is None:
            raise place.error(f"{shown(location)} cannot be included here", UNSUPPORTED_TRANSFORM)
        try:
            content = self._include(location)
        except LookupError:
            raise place.error(
                f"there is no file {shown(location)}, neither among the assembly's assets nor in the account",
                NOT_FOUND,
                hint="give the file as an asset of the stack, or put it into the bucket first",
            ) from None
        except ValueError as error:
            raise place.error(f"{shown(location)} cannot be included: {error}", WRONG_ARGUMENT) from None
        return place.mapping(content)


def _merge(content: Mapping[str, object], own: dict[str, object], place: Place) -> dict[str, object]:
    twice = sorted(content.keys() & own.keys())
    if twice:
        raise place.error(f"the included file repeats the key {shown(twice[0])}", WRONG_ARGUMENT)
    return {**own, **content}


def _with_extended_names(template: Template, scope: ParameterScope) -> Template:
    """With the functions that AWS::LanguageExtensions allows in Ref, Fn::GetAtt and policies replaced by names."""
    evaluator = Evaluator(
        template,
        scope=scope,
        region=scope.pseudo.region,
        conditions=evaluate_conditions(scope),
        functions=PROPERTY_FUNCTIONS,
        budget=Budget(),
    )
    raw = dict(template.raw)
    for section in ("Resources", "Outputs"):
        if section in raw:
            raw[section] = _literal_names(raw[section], evaluator, template.place(section))
    resources = template.place("Resources")
    raw["Resources"] = {
        name: _literal_policies(resources.mapping(value), evaluator, resources / name)
        for name, value in resources.mapping(raw.get("Resources", {})).items()
    }
    return parse_template(raw, path=template.path, construct_paths=template.construct_paths)


def _literal_names(value: object, evaluator: Evaluator, place: Place) -> object:
    if isinstance(value, list):
        return [_literal_names(item, evaluator, place / index) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"} and isinstance(value["Ref"], dict):
        return {"Ref": evaluator.text(value["Ref"], place / "Ref")}
    names = value.get("Fn::GetAtt")
    if value.keys() == {"Fn::GetAtt"} and isinstance(names, list):
        at = place / "Fn::GetAtt"
        return {"Fn::GetAtt": [evaluator.text(name, at / index) for index, name in enumerate(names)]}
    return {key: _literal_names(item, evaluator, place / key) for key, item in value.items()}


def _literal_policies(resource: Mapping[str, object], evaluator: Evaluator, place: Place) -> dict[str, object]:
    result = dict(resource)
    for name in _POLICIES:
        if isinstance(resource.get(name), dict):
            value = evaluator.evaluate(resource[name], place / name)
            result[name] = value
            if value is NO_VALUE:
                del result[name]
    return result
