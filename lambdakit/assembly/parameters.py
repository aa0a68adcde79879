"""The values of a template's parameters.

In come the declarations and the values given, out comes a value for each, checked against its declaration. Knows
nothing of resources; the parameter store is a function that the caller passes.

Source: CloudFormation User Guide, "CloudFormation template Parameters syntax", "Specify existing resources at
runtime with CloudFormation-supplied parameter types".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.assembly.codes import INVALID_PARAMETER, MISSING_PARAMETER, NOT_FOUND, UNKNOWN_PARAMETER
from lambdakit.assembly.parameter_constraints import check_constraints
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

_SSM_VALUE: Final = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_AWS_TYPE: Final = re.compile(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+")
_LIST: Final = re.compile(r"List<(.+)>")
_ATTRIBUTES: Final = frozenset(
    {
        "Type",
        "Default",
        "Description",
        "NoEcho",
        "AllowedValues",
        "AllowedPattern",
        "ConstraintDescription",
        "MinLength",
        "MaxLength",
        "MinValue",
        "MaxValue",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterValue:
    """A parameter's value.

    given: the text as given or defaulted: for an SSM type the name in the parameter store.
    value: what `Ref` returns: text, also of a number, or the texts of a list.
    """

    name: str
    type: str
    given: str
    value: str | tuple[str, ...]
    no_echo: bool = False

    @property
    def is_from_store(self) -> bool:
        """Whether the value is what the parameter store said for the name that was given."""
        return _SSM_VALUE.fullmatch(self.type) is not None

    @property
    def displayed(self) -> str:
        """The value as it may be shown to people: asterisks where the declaration says `NoEcho`."""
        if self.no_echo:
            return "****"
        return self.value if isinstance(self.value, str) else ",".join(self.value)


def resolve_parameters(
    template: Template, given: Mapping[str, str], *, ssm: Callable[[str], str]
) -> Mapping[str, ParameterValue]:
    """A value for every parameter that the template declares. AssemblyError with everything that is wrong.

    given: name -> text; lists are separated by commas. A parameter not given takes its default.
    ssm: the plain text in the parameter store by name; LookupError when there is none.
    """
    values: dict[str, ParameterValue] = {}
    faults: list[Diagnostic] = []
    for name in given:
        if name not in template.parameters:
            hint = nearest(name, template.parameters)
            faults += (
                template.place("Parameters")
                .error(f"the template has no parameter {shown(name)}", UNKNOWN_PARAMETER, hint=hint)
                .diagnostics
            )
    for name, declaration in template.parameters.items():
        try:
            values[name] = _value(name, declaration, given.get(name), ssm, template.place(f"Parameters.{name}"))
        except AssemblyError as error:
            faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return values


def _value(
    name: str, declaration: Mapping[str, object], given: str | None, ssm: Callable[[str], str], place: Place
) -> ParameterValue:
    for attribute in declaration:
        if attribute not in _ATTRIBUTES:
            raise place.error(
                f"{shown(attribute)} is not an attribute of a parameter", hint=nearest(attribute, _ATTRIBUTES)
            )
    type_ = (place / "Type").text(declaration.get("Type"))
    stored = _SSM_VALUE.fullmatch(type_)
    _check_type(stored[1] if stored else type_, place / "Type")
    no_echo = as_text(declaration.get("NoEcho", False)) == "true"
    text = _given_or_default(declaration, given, place)

    # Source: "Specify existing resources at runtime": for SSM types the constraints hold for the parameter's name,
    # which is what the user gives, not for the value in the store.
    items = (text,) if stored else _items(text, type_)
    check_constraints(declaration, items, is_number=_is_number(type_), secret=no_echo, place=place)
    value = _from_store(text, stored[1], ssm, place) if stored else (items if _is_list(type_) else text)
    return ParameterValue(name=name, type=type_, given=text, value=value, no_echo=no_echo)


def _given_or_default(declaration: Mapping[str, object], given: str | None, place: Place) -> str:
    if given is not None:
        return given
    if "Default" not in declaration:
        raise place.error("no value given, and the parameter has no Default", MISSING_PARAMETER, hint="pass parameters")
    default = as_text(declaration["Default"])
    if default is None:
        raise (place / "Default").error(f"{shown(declaration['Default'])} is not a string", INVALID_PARAMETER)
    return default


def _from_store(name: str, type_: str, ssm: Callable[[str], str], place: Place) -> str | tuple[str, ...]:
    try:
        text = ssm(name)
    except LookupError:
        raise place.error(
            f"there is no parameter {shown(name)} in the parameter store",
            NOT_FOUND,
            hint=f'make it before: harness.client("ssm").put_parameter(Name={shown(name)}, Type="String", Value="…"),'
            " or pass the name of another",
        ) from None
    return _items(text, type_) if _is_list(type_) else text


def _items(text: str, type_: str) -> tuple[str, ...]:
    """Source: "Parameters", CommaDelimitedList: each member is trimmed of white space."""
    if not _is_list(type_):
        return (text,)
    return tuple(item.strip() for item in text.split(",")) if text else ()


def _is_list(type_: str) -> bool:
    return type_ == "CommaDelimitedList" or _LIST.fullmatch(type_) is not None


def _is_number(type_: str) -> bool:
    return type_ in ("Number", "List<Number>")


def _check_type(type_: str, place: Place) -> None:
    simple = ("String", "Number", "CommaDelimitedList")
    element = _LIST.fullmatch(type_)
    name = element[1] if element else type_
    if (name in simple and not (element and name == "CommaDelimitedList")) or _AWS_TYPE.fullmatch(name):
        return
    raise place.error(
        f"{shown(type_)} is not a type of parameter",
        INVALID_PARAMETER,
        hint=nearest(type_, simple, otherwise="String, Number, CommaDelimitedList, List<Number> or an AWS type"),
    )
