"""MOCK integrations: API Gateway answers with the status that the request's template names.

Source: API Gateway Developer Guide, "Mock integrations for REST APIs in API Gateway". The page also says that a method
without a request template answers with its default integration response. The service does not: it fails with the words
below, as those report who wrote one, and as for a status in quotation marks (aws/aws-cdk, #5997).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.refusal import Refused

_PROBLEM: Final = (
    "Execution failed due to configuration error: statusCode should be an integer which defined in request template"
)
_WAY_OUT: Final = 'give the integration a request template for the content type, with {"statusCode": 200} or the like'
# The CDK's template for preflight requests is `{ statusCode: 204 }`, without quotes around the name.
_LENIENT: Final = re.compile(r"\s*\{\s*[\"']?statusCode[\"']?\s*:\s*(\d{3})\s*[,}]")


def mock_answer(request: BackendRequest) -> BackendAnswer:
    """An answer without a body. Refused when the request names no status."""
    text = request.body.decode("utf-8", "replace")
    status = _status(text)
    if status is None:
        raise Refused("API_CONFIGURATION_ERROR", f"{_PROBLEM}, not {text[:80]!r}: {_WAY_OUT}")
    return BackendAnswer(status=status)


def _status(text: str) -> int | None:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        match = _LENIENT.match(text)
        found = {} if match is None else {"statusCode": int(match[1])}
    value = found.get("statusCode") if isinstance(found, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 600 else None
