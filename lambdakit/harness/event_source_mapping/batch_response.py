"""Which records of a batch a function reported as failed.

Source: AWS Lambda Developer Guide, "Handling errors for an SQS event source in Lambda" and "Configuring partial batch
response with Kinesis Data Streams and Lambda".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """failed: the identifiers that were reported; all of them where `whole` says that the batch failed as such."""

    failed: frozenset[str] = frozenset()
    whole: bool = False


SUCCESS = BatchReport()
FAILURE = BatchReport(whole=True)


def identifier_text(item: object) -> str | None:
    """What an `itemIdentifier` names where it is a text, as in queues and streams; None for anything else."""
    return item if isinstance(item, str) else None


def read_batch_response(
    payload: bytes, identifiers: Collection[str], *, named: Callable[[object], str | None] = identifier_text
) -> BatchReport:
    """What a function that reports batch item failures answered.

    payload: its JSON response; empty, null, an object without the list, or an empty list mean that all succeeded.
    identifiers: those of the batch. A malformed report, or an identifier that is not among them, fails the whole batch.
    named: what an `itemIdentifier` stands for.
    """
    try:
        answer = json.loads(payload) if payload.strip() else None
    except (ValueError, RecursionError):
        return FAILURE
    if answer is None:
        return SUCCESS
    if not isinstance(answer, dict):
        return FAILURE
    reported = answer.get("batchItemFailures")
    if reported is None:
        return SUCCESS
    if not isinstance(reported, list):
        return FAILURE
    failed = [named(item.get("itemIdentifier")) if isinstance(item, dict) else None for item in reported]
    if any(identifier is None or identifier not in identifiers for identifier in failed):
        return FAILURE
    return BatchReport(failed=frozenset(str(identifier) for identifier in failed))
