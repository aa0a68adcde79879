"""Answers of Bedrock's models: none runs here, moto has an empty object for all of them and fails to send it as any
other media type than JSON.

Private surface used: `moto.bedrockruntime.responses.BedrockRuntimeResponse.invoke_model`, whose answer is an
`ActionResult`.
Canary: tests/behaviour/test_behaviour_models.py.
"""

from __future__ import annotations

import functools
import json
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_RESPONSES: Final = "moto.bedrockruntime.responses"


def mend_model_answers() -> None:
    """From now on an answer is JSON, whatever was asked for. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _RESPONSES:
        return
    responses: Any = module
    invoke = responses.BedrockRuntimeResponse.invoke_model
    own = getattr(invoke, "__wrapped__", invoke)

    @functools.wraps(own)
    def invoke_model(response: Any) -> Any:
        answer = own(response)
        if not isinstance(answer.result["body"], str | bytes):
            answer.result["body"] = json.dumps(answer.result["body"])
        return answer

    responses.BedrockRuntimeResponse.invoke_model = invoke_model
