"""Which sources are pulled from, by the service that their ARN names."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.event_source_mapping.mappings import MakePoller
from lambdakit.harness.event_source_mapping.pollers.sqs import SqsPoller
from lambdakit.harness.moto_state.queues import Queues


def pollers(queues: Queues) -> Mapping[str, MakePoller]:
    """What makes the poller of a mapping."""
    return {"sqs": lambda mapping, around: SqsPoller(mapping, queues, around)}
