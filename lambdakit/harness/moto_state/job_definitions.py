"""AWS Batch's job definitions, found by an ARN without a revision too: moto looks for the whole text.

Private surface used: `moto.batch.models.BatchBackend.get_job_definition`.
Canary: tests/behaviour/test_behaviour_job_definitions.py.

Source: AWS Batch API Reference, "SubmitJob", `jobDefinition`: "the Amazon Resource Name (ARN) for the job definition,
with or without the revision"; "If the revision is not specified, then the latest active revision is used".
"""

from __future__ import annotations

import functools
import re
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.batch.models"
_NO_REVISION: Final = re.compile(r"arn:[^:]+:batch:[^:]*:\d{12}:job-definition/([^:/]+)")


def find_job_definitions() -> None:
    """From now on they are. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    backend: Any = vars(module)["BatchBackend"]
    own = backend.get_job_definition

    @functools.wraps(own)
    def get_job_definition(self: Any, identifier: str) -> Any:
        by_arn = _NO_REVISION.fullmatch(identifier)
        return own(self, identifier if by_arn is None else by_arn[1])

    backend.get_job_definition = get_job_definition
