"""Findings that a construct has on purpose, whose rules name resources by names and paths in place of logical ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.cloudformation.construct_paths import construct_at, element_of

if TYPE_CHECKING:
    from constructs import IConstruct

# What cdk-nag makes of references, with a name or a path for the logical id.
# Source: cdk-nag 3.0.2, src/utils/flatten-cfn-reference.ts
_NAMED: Final = re.compile(r"<([^<>]+)>")


def acknowledge_named(scope: IConstruct, reasons: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Says why findings below `scope` are none, as `acknowledge` does.

    reasons: by rule; one that names resources, `AwsSolutions-IAM5[Resource::<orders/Table.Arn>/*]`, does so by their
        paths in the stack, by names, or by their logical ids.
    names: what stands for which path.
    """
    stack = Stack.of(scope)
    acknowledge(scope, {_with_logical_ids(rule, stack, names): reason for rule, reason in reasons.items()})


def _with_logical_ids(rule: str, stack: Stack, names: Mapping[str, str]) -> str:
    """With logical ids for the names and paths in the rule; what is neither stays as it is."""

    def replaced(found: re.Match[str]) -> str:
        dot = found[1].find(".", found[1].rfind("/") + 1)
        name, attribute = (found[1], "") if dot < 0 else (found[1][:dot], found[1][dot:])
        first, slash, rest = name.partition("/")
        is_path = slash and stack.node.try_find_child(first) is not None
        construct = construct_at(stack, name if is_path else f"{names.get(first, first)}{slash}{rest}")
        element = None if construct is None else element_of(construct)
        return found[0] if element is None else f"<{stack.resolve(element.logical_id)}{attribute}>"

    return _NAMED.sub(replaced, rule)
