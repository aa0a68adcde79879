"""Values of the CDK that it has a name of its own for."""

from __future__ import annotations

import re
from typing import Any

from aws_cdk import aws_lambda as lambda_

from lambdakit.compiler.ejection.expressions import Attribute, Expression, Reference


def readable_constant(function: Expression, value: Any) -> Expression | None:
    """`Runtime.PYTHON_3_13` for a runtime that the CDK knows just as it is; None for everything else."""
    if not isinstance(function, Reference) or not isinstance(value, lambda_.Runtime):
        return None
    name = _constant_name(value.name)
    known = getattr(lambda_.Runtime, name, None)
    if not isinstance(known, lambda_.Runtime):
        return None
    same = (known.name, known.family, known.supports_snap_start) == (
        value.name,
        value.family,
        value.supports_snap_start,
    )
    return Attribute(function, name) if same else None


def _constant_name(identifier: str) -> str:
    """`python3.13` gives PYTHON_3_13, `nodejs22.x` NODEJS_22_X, `provided.al2023` PROVIDED_AL2023."""
    return re.sub(r"^([a-z]+)(?=\d)", r"\1_", identifier).replace(".", "_").upper()
