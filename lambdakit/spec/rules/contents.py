"""A document makes something: a stack without a single resource cannot be deployed.

Source: CloudFormation User Guide, "Template anatomy": Resources is the one section that is required.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.application import CONTENTS
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stacks import is_existing


def contents(context: RuleContext) -> Iterator[Finding]:
    """A finding for resources that exist already, in a document that has nothing else."""
    application = context.application
    others = [key for key in CONTENTS if key != "resources"]
    if application.network is not None or any(getattr(application, key) for key in others):
        return
    known = all(context.pruned.spares(key) for key in (*CONTENTS, "network"))
    if known and all(is_existing(resource) for resource in application.resources.values()):
        problem = f"there is nothing to deploy: all of them exist already, and {', '.join(others)} are empty"
        hint = "add a resource without the key that names an existing one, or functions that use these"
        yield Finding(code="LK110", pointer=("resources",), at_key=True, problem=problem, hint=hint)
