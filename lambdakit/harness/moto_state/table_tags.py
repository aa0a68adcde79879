"""Tags of DynamoDB tables that are given again: moto keeps the old value beside the new one.

Private surface used: `moto.dynamodb.models.DynamoDBBackend.tag_resource` and `untag_resource`.
Canary: tests/behaviour/test_behaviour_stack_tags.py.

Source: Amazon DynamoDB Developer Guide, "Adding tags and labels to resources": a key has one value; another one given
for it takes its place.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.dynamodb.models"


def replace_table_tags() -> None:
    """From now on the new value takes the old one's place. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    backend: Any = vars(module)["DynamoDBBackend"]
    own = backend.tag_resource

    @functools.wraps(own)
    def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
        self.untag_resource(arn, list(tags))
        own(self, arn, tags)

    backend.tag_resource = tag_resource
