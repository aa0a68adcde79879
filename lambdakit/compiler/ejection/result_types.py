"""The type of what a step gives, as the annotation of a parameter that takes it."""

from __future__ import annotations

import importlib

from lambdakit.compiler.ejection.expressions import Attribute, Call, Reference
from lambdakit.compiler.ejection.recording import Step


def result_type(step: Step) -> tuple[str, str]:
    """The module and the name of the type.

    What is imported has the type that the import says, as the CDK keeps the class that it gives to itself.
    """
    match step.expression:
        case Call(function=Attribute(owner=Reference(module=module, name=name), name=method)) if step.makes:
            home = vars(importlib.import_module(module))
            returned = getattr(home[name], method).__annotations__.get("return")
            # The CDK quotes annotations twice.
            found = home.get(returned.strip("'")) if isinstance(returned, str) else returned
            if isinstance(found, type):
                return found.__module__, found.__qualname__
    made = type(step.result)
    return made.__module__, made.__qualname__
