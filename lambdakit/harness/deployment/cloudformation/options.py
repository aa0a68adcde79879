"""Options of calls that create and change stacks, besides their templates, parameters and tags.

Source: AWS CloudFormation API Reference, "CreateStack", "CreateChangeSet" and "RollbackConfiguration".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.assembly.template import Template
from lambdakit.harness.deployment.cloudformation.refusal import Refused


def check_resource_types(template: Template, given: Mapping[str, Any]) -> None:
    """Refused when the template has a type that the call does not name. The messages are not confirmed by a page.

    `AWS::*`, `AWS::SQS::*` and `Custom::*` name all types that begin so.
    """
    allowed = [str(name) for name in given.get("ResourceTypes") or ()]
    if not allowed:
        return
    if given.get("Capabilities"):
        text = "Only one of the Capabilities and ResourceTypes parameters can be specified."
        raise Refused("ValidationError", text)
    types = sorted({resource.type for resource in template.resources.values()})
    others = [name for name in types if not any(_names(pattern, name) for pattern in allowed)]
    if others:
        text = f"Resource types [{', '.join(others)}] are not among the ResourceTypes of the call"
        raise Refused("ValidationError", text)


def rollback_configuration(given: Mapping[str, Any], before: Mapping[str, object]) -> Mapping[str, object]:
    """The stack's `RollbackConfiguration` after a call: that of the call, or the one before.

    Refused when it says to look at alarms, or to wait.
    """
    wanted = given.get("RollbackConfiguration")
    if wanted is None:
        return before
    if wanted.get("RollbackTriggers"):
        text = "rollback triggers are not looked at by this harness: leave RollbackTriggers out"
        raise Refused("NotImplemented", text)
    if wanted.get("MonitoringTimeInMinutes"):
        text = "this harness does not wait after a change: leave MonitoringTimeInMinutes out, or give 0"
        raise Refused("NotImplemented", text)
    return dict(wanted)


def _names(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
