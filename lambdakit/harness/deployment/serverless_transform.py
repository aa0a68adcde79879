"""The transform `AWS::Serverless-2016-10-31`, carried out by AWS's own translator.

In comes a template of AWS SAM, out comes what CloudFormation makes of it. The translator is the package
aws-sam-translator, which CloudFormation itself runs; it is loaded when the first such template is.

Source: AWS SAM Developer Guide, "AWS SAM template anatomy"; CloudFormation Template Reference,
"AWS::Serverless transform"; github.com/aws/serverless-application-model, README.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from lambdakit.assembly.codes import UNSUPPORTED_TRANSFORM
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.place import Place
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.template import SERVERLESS, Template, is_of_repository
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.harness.deployment.property_tree import value_at


def transformed(
    template: Template, parameters: Mapping[str, ParameterValue], pseudo: PseudoParameters
) -> Mapping[str, object]:
    """The template as JSON without AWS SAM in it. AssemblyError with all that the translator finds wrong."""
    values: dict[str, object] = {"AWS::Region": pseudo.region, "AWS::Partition": pseudo.partition}
    values |= {
        name: value.value if isinstance(value.value, str) else list(value.value) for name, value in parameters.items()
    }
    from boto3.session import Session  # the harness answers before it is loaded

    place = template.place("Transform")
    translators, parsers, exceptions = _translator(place)
    raw: dict[str, Any] = copy.deepcopy(dict(template.raw))
    resources: dict[str, Any] = raw.get("Resources", {})
    # What the translator would ask the Serverless Application Repository of, which is not here: left as they are.
    applications = {
        name: resources.pop(name)
        for name, resource in template.resources.items()
        if is_of_repository(resource) and name in resources
    }
    if not resources:  # nothing is left to translate
        return {**{name: part for name, part in raw.items() if name != "Globals"}, "Resources": applications}
    session = Session(region_name=pseudo.region)
    try:
        with _turn():
            translator = translators.Translator(None, parsers.Parser(), boto_session=session)
            outcome: dict[str, Any] = translator.translate(
                raw, values, passthrough_metadata=True, get_managed_policy_map=dict
            )
    except exceptions.InvalidDocumentException as error:
        raise _invalid(template, error.causes) from None
    outcome["Resources"] |= applications
    outcome.pop("Globals", None)
    return outcome


@functools.cache
def _turn() -> threading.Lock:
    """One transform at a time: the translator keeps the region that it works for in a class of its own."""
    return threading.Lock()


def _invalid(template: Template, causes: Sequence[Any]) -> AssemblyError:
    """What the translator finds wrong, each at the resource, and the property where it says which."""
    told = "Invalid Serverless Application Specification document. "
    found: list[Diagnostic] = []
    for cause in causes:
        problem = f"Transform {SERVERLESS} failed with: {told}Number of errors found: {len(causes)}. "
        problem += " ".join(str(cause.message).split())
        found += template.place(_pointer(template, cause)).error(problem, UNSUPPORTED_TRANSFORM).diagnostics
    return AssemblyError(*found)


def _pointer(template: Template, cause: Any) -> str:
    """Where a cause is. The translator keeps a resource's name to itself, and none for a fault of the whole."""
    name = getattr(cause, "_logical_id", None)
    if not isinstance(name, str) or name not in template.resources:
        return "Transform"
    path = str(getattr(cause, "key_path", ""))
    is_there = path and value_at(template.resources[name].properties, path) is not None
    return f"Resources.{name}.Properties.{path}" if is_there else f"Resources.{name}"


def _translator(place: Place) -> tuple[Any, Any, Any]:
    try:
        return (
            import_module("samtranslator.translator.translator"),
            import_module("samtranslator.parser.parser"),
            import_module("samtranslator.model.exceptions"),
        )
    except ModuleNotFoundError:
        raise place.error(
            f"{SERVERLESS} is carried out by AWS's own translator, which is not installed",
            UNSUPPORTED_TRANSFORM,
            hint="pip install 'lambdakit[harness]', which brings aws-sam-translator",
        ) from None
