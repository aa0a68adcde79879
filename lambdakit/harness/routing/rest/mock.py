"""MOCK integrations: API Gateway answers with the status that the request's template names.

Source: API Gateway Developer Guide, "Mock integrations for REST APIs in API Gateway".
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.refusal import Refused

# The CDK's template for preflight requests is `{ statusCode: 204 }`, without quotes around the name.
_LENIENT: Final = re.compile(r"\s*\{\s*[\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})[\"']?\s*[,}]")


def mock_answer(request: BackendRequest) -> BackendAnswer:
    """An answer without a body. Refused when the request names no status."""
    text = request.body.decode("utf-8", "replace")
    status = _status(text)
    if status is None:
        problem = f'the template of a MOCK integration has to give {{"statusCode": 200}} or the like, not {text[:80]!r}'
        raise Refused("API_CONFIGURATION_ERROR", problem)
    return BackendAnswer(status=status)


def _status(text: str) -> int | None:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        match = _LENIENT.match(text)
        found = {} if match is None else {"statusCode": match[1]}
    value = found.get("statusCode") if isinstance(found, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if re.fullmatch("[1-5][0-9]{2}", str(value)) else None
