"""Validation expressions: the regular expression that a token has to fit before anybody is asked.

Source: API Gateway API Reference, "Authorizer" (`identityValidationExpression`).
"""

from __future__ import annotations

import re

from lambdakit.harness.moto_state.rest_definition import RestAuthorizer
from lambdakit.harness.routing.rest.refusal import Refused


def fits(expression: str, text: str, authorizer: RestAuthorizer) -> bool:
    """Whether the whole text fits, as `String.matches` of Java asks. Refused for an expression that is none."""
    try:
        return re.fullmatch(expression, text) is not None
    except re.error as error:
        problem = f"the validation expression {expression!r} of the authorizer {authorizer.name}: {error}"
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", problem) from None
