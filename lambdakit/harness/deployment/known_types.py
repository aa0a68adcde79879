"""Which provisioner makes a type: the table's, the custom resources', or a recorder where a schema is published."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.harness.deployment.provisioner import Provisioner
from lambdakit.harness.deployment.provisioners.recorded import Recorded

ProvisionerOf = Callable[[str], Provisioner | None]
"""The provisioner of a CloudFormation type; None for a type that nobody knows."""

_CUSTOM = "AWS::CloudFormation::CustomResource"
_CUSTOM_PREFIX = "Custom::"
# Transforms that CloudFormation runs before it deploys: their types reach a provisioner only in a template that does
# not ask for the transform. CloudFormation Template Reference, "AWS::Serverless transform".
_TRANSFORMED = ("AWS::Serverless::",)


_PLAIN_TYPES = (
    "write Transform: AWS::Serverless-2016-10-31 at the top of the template, which aws-sam-translator carries out, or "
    "AWS::Lambda::Function and the like"
)


def way_out(name: str) -> str:
    """What to do instead of a type that nobody knows here; empty where there is no better way than to leave it out."""
    return _PLAIN_TYPES if name.startswith(_TRANSFORMED) else ""


def known_types(table: Mapping[str, Provisioner]) -> ProvisionerOf:
    """The look-up behind which `table` stands."""

    @functools.cache
    def provisioner_of(name: str) -> Provisioner | None:
        if name in table:
            return table[name]
        if name.startswith(_CUSTOM_PREFIX):
            return table.get(_CUSTOM)
        schema = None if name.startswith(_TRANSFORMED) else resource_type(name)
        return None if schema is None else Recorded(schema)

    return provisioner_of


@functools.cache
def all_provisioners() -> ProvisionerOf:
    """The look-up behind which the whole table stands. A harness is ready before its eighty modules are loaded."""
    from lambdakit.harness.deployment.registry import PROVISIONERS

    return known_types(PROVISIONERS)
