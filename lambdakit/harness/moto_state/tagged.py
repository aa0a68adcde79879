"""The two forms in which moto keeps tags: a service's `tagger`, by ARN, and lists of pairs.

Private surface used: `TaggingService.tags`. Canary: tests/unit/harness/test_harness_moto_resource_lookups.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def tags_of_tagger(backend: Any, arn: str) -> Mapping[str, str]:
    """The tags that a backend keeps for `arn`; none where it keeps none."""
    tagger = getattr(backend, "tagger", None) or getattr(backend, "tagging_service", None)
    held = getattr(tagger, "tags", {}).get(arn)
    return {name: value or "" for name, value in held.items()} if held else {}


def tags_of_pairs(pairs: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """`[{"Key": "team", "Value": "a"}]` as a mapping."""
    return {str(pair["Key"]): str(pair.get("Value") or "") for pair in pairs if "Key" in pair}
