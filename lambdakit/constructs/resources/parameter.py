"""A parameter that functions read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ssm as ssm

from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack


def shared_parameter(
    stack: Stack, name: str, *, string_value: str, parameter_name: str | None = None, description: str | None = None
) -> ssm.StringParameter:
    """The parameter of Systems Manager, and the output `<Name>ParameterName`.

    parameter_name: its name in the account; absent, CloudFormation makes one.
    """
    parameter = ssm.StringParameter(
        stack,
        shared_id(name),
        string_value=string_value,
        parameter_name=parameter_name,
        description=description,
    )
    shared_output(stack, name, "ParameterName", parameter.parameter_name)
    return parameter
