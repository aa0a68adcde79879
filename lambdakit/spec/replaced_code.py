"""Whether what a function runs may be another code than the document's settings say: its properties were laid over."""

from __future__ import annotations

from typing import Final

from lambdakit.spec.application import Application
from lambdakit.spec.cloudformation_calls import overridable

# CloudFormation's properties of a function that say what its handler is looked for in.
_DECIDE: Final = frozenset({"Code", "Handler", "Layers", "PackageType", "Runtime"})


def may_be_replaced(application: Application, handler: str) -> bool:
    """Whether something is laid over that decides where a handler lies; of which function, constructs know."""
    if handler.startswith("/"):  # of a layer that the document may not know
        return True
    laid_over = (properties for _, part in overridable(application) for properties in part.overrides.values())
    return any(not _DECIDE.isdisjoint(properties) for properties in laid_over)
