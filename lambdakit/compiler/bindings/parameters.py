"""A document's parameters as CloudFormation's, and texts that refer to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, CfnParameter, Fn

from lambdakit.spec.parameter_texts import PSEUDO_PARAMETERS, parts_of, references, with_texts

if TYPE_CHECKING:
    from aws_cdk import Stack

    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.spec.application import Application
    from lambdakit.spec.parameters import Parameter

# Asked of the CDK where it is written: as modules are loaded, another thread talks to Node.js.
_PSEUDO: Final[Mapping[str, Callable[[], str]]] = {
    "AWS::AccountId": lambda: Aws.ACCOUNT_ID,
    "AWS::Partition": lambda: Aws.PARTITION,
    "AWS::Region": lambda: Aws.REGION,
    "AWS::StackId": lambda: Aws.STACK_ID,
    "AWS::StackName": lambda: Aws.STACK_NAME,
    "AWS::URLSuffix": lambda: Aws.URL_SUFFIX,
}


def bind_parameters(
    stack: Stack, parameters: Mapping[str, Parameter], source_map: SourceMap
) -> dict[str, CfnParameter]:
    """Adds the parameters to the stack; by their names, which are their logical ids."""
    return {name: _parameter(stack, name, settings, source_map) for name, settings in parameters.items()}


def referring(application: Application, parameters: Mapping[str, CfnParameter], *, has_parameters: bool) -> Application:
    """The application with `${Name}` in its texts standing for the parameter of that name, `${!Name}` for `${Name}`.

    has_parameters: whether the document declares any; without them, only `${AWS::Region}` and the like are more than
    text.
    """
    return with_texts(application, lambda text: _text(text, parameters, has_parameters))


def _parameter(stack: Stack, name: str, settings: Parameter, source_map: SourceMap) -> CfnParameter:
    # No pattern's key holds a colon, so that the two never meet in the stack.
    id = f"parameter:{name}"
    source_map.record(f"{stack.node.path}/{id}", ("parameters", name))
    parameter = CfnParameter(
        stack,
        id,
        type=settings.type,
        default=settings.default,
        allowed_values=None if settings.allowed_values is None else [str(value) for value in settings.allowed_values],
        allowed_pattern=settings.allowed_pattern,
        min_length=settings.min_length,
        max_length=settings.max_length,
        min_value=settings.min_value,
        max_value=settings.max_value,
        no_echo=settings.no_echo or None,
        description=settings.description,
        constraint_description=settings.constraint_description,
    )
    parameter.override_logical_id(name)
    return parameter


def _text(text: str, parameters: Mapping[str, CfnParameter], has_parameters: bool) -> str:
    parts = parts_of(text, parameters.keys(), has_parameters=has_parameters)
    names = parameters.keys() | set(PSEUDO_PARAMETERS)
    if any(not is_name and names & set(references(part)) for part, is_name in parts):
        # As plain text, checks of templates take it for a parameter that somebody forgot the function of.
        return Fn.sub("".join(f"${{{part}}}" if is_name else part.replace("${", "${!") for part, is_name in parts))
    if not any(is_name for _, is_name in parts):
        return "".join(part for part, _ in parts)
    values = [_value(part, parameters) if is_name else part for part, is_name in parts]
    return values[0] if len(values) == 1 else Fn.join("", values)


def _value(name: str, parameters: Mapping[str, CfnParameter]) -> str:
    return _PSEUDO[name]() if name in _PSEUDO else parameters[name].value_as_string
