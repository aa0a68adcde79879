"""The CDK's class for a type of CloudFormation's, and a resource of it that belongs to no application."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any, Final

import aws_cdk
from aws_cdk import App, CfnResource, Stack, Token

from lambdakit.constructs.cloudformation.property_shapes import fields_of

# Services whose module is called otherwise.
_MODULES: Final = {"AWS::Serverless": "aws_sam", "Alexa::ASK": "alexa_ask", "AWS::CloudFormation": ""}
_KNOWN_OWNERS: Final = ("AWS", "Alexa")
_CLOSE: Final = 0.6


def is_checked(type_name: str) -> bool:
    """Whether the CDK should know the type: a custom resource's and those of the registry are anybody's."""
    return type_name.partition("::")[0] in _KNOWN_OWNERS


@cache
def class_of(type_name: str) -> type[CfnResource] | None:
    """The CDK's class for the type; None when it has none."""
    module = _module(type_name)
    if module is None:
        return None
    found = getattr(module, f"Cfn{type_name.rpartition('::')[2]}", None)
    if not isinstance(found, type) or not issubclass(found, CfnResource):
        return None
    return found if getattr(found, "CFN_RESOURCE_TYPE_NAME", None) == type_name else None


def near_type(type_name: str) -> str | None:
    """The known type that an unknown one most likely stands for; None when none is close."""
    _, service, name, *_ = [*type_name.split("::"), "", ""]
    module = _module(type_name)
    if module is None:
        modules = {info.name.removeprefix("aws_"): info.name for info in pkgutil.iter_modules(aws_cdk.__path__)}
        close = difflib.get_close_matches(service.lower(), modules, n=1, cutoff=_CLOSE)
        if not close:
            return None
        module = importlib.import_module(f"aws_cdk.{modules[close[0]]}")
    names = [each[3:] for each in dir(module) if each.startswith("Cfn") and _is_type(getattr(module, each))]
    by_letters = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), by_letters, n=1, cutoff=_CLOSE)
    if not near:
        return None
    return str(getattr(module, f"Cfn{by_letters[near[0]]}").CFN_RESOURCE_TYPE_NAME)


@cache
def sample_of(type_name: str) -> CfnResource | None:
    """A resource of the type in an application of its own, which is never synthesized; None when it has no class."""
    made = class_of(type_name)
    if made is None:
        return None
    props = getattr(importlib.import_module(made.__module__), f"{made.__name__}Props", None)
    if props is None:
        return None
    hints = _required(props)
    return made(Stack(App(auto_synth=False), "sample"), "Sample", **hints)


def has_attribute(made: type[CfnResource], attribute: str) -> bool:
    """Whether `Fn::GetAtt` reads such an attribute of resources of the class."""
    return _attribute(made, attribute) is not None


def is_list(made: type[CfnResource], attribute: str) -> bool:
    """Whether the attribute of resources of the class is a list of texts."""
    name = _attribute(made, attribute)
    read = None if name is None else getattr(made, name).fget
    return read is not None and "List" in str(read.__annotations__.get("return"))


def attributes_of(made: type[CfnResource]) -> list[str]:
    """The attributes of resources of the class, about as CloudFormation spells them."""
    return ["".join(part.capitalize() for part in name.split("_")[1:]) for name in _attributes(made)]


def _attribute(made: type[CfnResource], attribute: str) -> str | None:
    """What Python calls the attribute."""
    letters = attribute.replace(".", "").casefold()
    return next((each for each in _attributes(made) if each.removeprefix("attr_").replace("_", "") == letters), None)


def _attributes(made: type[CfnResource]) -> list[str]:
    return sorted(name for name in dir(made) if name.startswith("attr_"))


def _is_type(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, CfnResource)


def _module(type_name: str) -> ModuleType | None:
    service = type_name.rpartition("::")[0]
    name = _MODULES.get(service, f"aws_{service.rpartition('::')[2].lower()}")
    try:
        return importlib.import_module(f"aws_cdk.{name}" if name else "aws_cdk")
    except ModuleNotFoundError:
        return None


def _required(props: type) -> dict[str, Any]:
    """A value for each property that the class asks for, each a token, which is taken as any value."""
    values: dict[str, Any] = {}
    for field in fields_of(props).values():
        if not field.required:
            continue
        shape = field.shape
        if "text" in shape.plain:
            values[field.python_name] = Token.as_string({"Ref": "AWS::NoValue"})
        elif "number" in shape.plain:
            values[field.python_name] = Token.as_number({"Ref": "AWS::NoValue"})
        elif shape.items is not None and shape.items.plain == {"text"}:
            values[field.python_name] = Token.as_list({"Ref": "AWS::NoValue"})
        else:
            values[field.python_name] = Token.as_any({"Ref": "AWS::NoValue"})
    return values
