"""The functions that refer to something by name: parameters, resources, mappings, other stacks."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.assembly.codes import NO_MAPPING, WRONG_ARGUMENT
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.scopes import StackOutputReference

_STACK_OUTPUT_KEYS = frozenset({"StackName", "OutputName", "Region", "RoleArn"})
# Source: CloudFormation Template Reference, "Fn::FindInMap": without AWS::LanguageExtensions Ref and Fn::FindInMap. Of
# texts it is known to take parts by Fn::Select as well: in AWS Solutions Constructs,
# aws-lambda-bedrockinferenceprofile, a key is the first part of the region.
_FIND_IN_MAP_FUNCTIONS = frozenset({"Ref", "Fn::FindInMap", "Fn::Select"})


def ref(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Ref`. Source: Template Reference, "Ref"; a function as the name needs AWS::LanguageExtensions."""
    if not isinstance(argument, str):
        evaluator.require_language_extensions("a function within Ref", place)
    return evaluator.scope.reference(evaluator.text(argument, place), place)


def get_att(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::GetAtt`, as a list of two or as `LogicalId.Attribute`.

    Source: Template Reference, "Fn::GetAtt": the attribute may be a Ref; the logical id only with
    AWS::LanguageExtensions.
    """
    if isinstance(argument, str):
        logical_id, dot, attribute = argument.partition(".")
        if not dot or not attribute:
            raise place.error(f"{shown(argument)} is not LogicalId.Attribute", WRONG_ARGUMENT)
        return evaluator.scope.attribute(logical_id, attribute, place)
    resource, name = arguments(argument, place, 2)
    if not isinstance(resource, str):
        evaluator.require_language_extensions("a function as the logical id of Fn::GetAtt", place)
    return evaluator.scope.attribute(evaluator.text(resource, place / 0), evaluator.text(name, place / 1), place)


def find_in_map(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::FindInMap`. Source: Template Reference, "Fn::FindInMap" and "Fn::FindInMap enhancements": DefaultValue needs
    no transform."""
    names = arguments(argument, place, 3, 4)
    for index, name in enumerate(names[:3]):
        if isinstance(name, dict) and not _FIND_IN_MAP_FUNCTIONS.issuperset(name):
            evaluator.require_language_extensions("any function but Ref within Fn::FindInMap", place / index)
    map_name, top, second = (evaluator.text(name, place / index) for index, name in enumerate(names[:3]))

    rows: Mapping[str, Mapping[str, object]] = evaluator.template.mappings.get(map_name, {})
    row = rows.get(top, {})
    if second in row:
        return _map_value(row[second], place)
    if len(names) == 4:
        default = names[3]
        if not isinstance(default, dict) or set(default) != {"DefaultValue"}:
            raise (place / 3).error(f"{shown(default)} is not an object with DefaultValue alone", WRONG_ARGUMENT)
        return evaluator.evaluate(default["DefaultValue"], place / 3 / "DefaultValue")
    if map_name not in evaluator.template.mappings:
        hint = nearest(map_name, evaluator.template.mappings)
        raise place.error(f"there is no mapping {shown(map_name)}", NO_MAPPING, hint=hint)
    if top not in rows:
        raise place.error(f"mapping {shown(map_name)} has no key {shown(top)}", NO_MAPPING, hint=nearest(top, rows))
    problem = f"mapping {shown(map_name)} has no key {shown(second)} under {shown(top)}"
    raise place.error(problem, NO_MAPPING, hint=nearest(second, row))


def import_value(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::ImportValue`. Source: Template Reference, "Fn::ImportValue"."""
    return evaluator.scope.imported(evaluator.text(argument, place), place)


def get_stack_output(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::GetStackOutput`. Source: Template Reference, "Fn::GetStackOutput"."""
    if not isinstance(argument, dict) or not {"StackName", "OutputName"} <= set(argument) <= _STACK_OUTPUT_KEYS:
        problem = f"{shown(argument)} is not an object with StackName, OutputName and perhaps Region and RoleArn"
        raise place.error(problem, WRONG_ARGUMENT)
    values = {key: evaluator.text(value, place / key) for key, value in argument.items()}
    reference = StackOutputReference(
        stack_name=values["StackName"],
        output_name=values["OutputName"],
        region=values.get("Region", ""),
        role_arn=values.get("RoleArn", ""),
    )
    return evaluator.scope.stack_output(reference, place)


def get_azs(evaluator: Evaluator, argument: object, place: Place) -> object:
    """`Fn::GetAZs`. Source: Template Reference, "Fn::GetAZs": an empty region is the stack's own."""
    region = evaluator.text(argument, place)
    return list(evaluator.scope.availability_zones(region or evaluator.region, place))


def _map_value(value: object, place: Place) -> object:
    # Source: CloudFormation User Guide, "Mappings": the values are strings or lists, and no functions.
    if isinstance(value, list) and all(as_text(item) is not None for item in value):
        return list(value)
    if as_text(value) is not None:
        return value
    raise place.error(f"the mapping holds {shown(value)}, which is neither a string nor a list", WRONG_ARGUMENT)
