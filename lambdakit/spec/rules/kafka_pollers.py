"""What ends the attempts at a batch from Kafka needs pollers of the mapping's own.

Source: AWS Lambda Developer Guide, "Configuring error handling controls for Kafka event sources": provisioned mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.event_sources.msk import MskSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext

_OF_POLLERS: Final = ("bisect_batch_on_error", "report_batch_item_failures", "retry_attempts", "max_record_age")


def kafka_pollers(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that needs pollers where there are none, and for fewer at most than at least."""
    for key, pattern in context.stream_processings():
        source, pointer = pattern.source, ("patterns", key, "source")
        if not isinstance(source, MskSource) or not context.pruned.spares(*pointer, "provisioned_pollers"):
            continue
        pollers = source.provisioned_pollers
        if pollers is None:
            for setting in _OF_POLLERS:
                if getattr(source, setting) is not None:
                    yield Finding(
                        code="LK182",
                        pointer=(*pointer, setting),
                        at_key=True,
                        problem=f"Lambda takes {setting} of Kafka with provisioned pollers only",
                        hint=f"leave {setting} out, or add provisioned_pollers: {{maximum_pollers: 2}}",
                    )
        elif pollers.minimum_pollers > pollers.maximum_pollers:
            yield Finding(
                code="LK182",
                pointer=(*pointer, "provisioned_pollers", "minimum_pollers")
                if "minimum_pollers" in pollers.model_fields_set
                else (*pointer, "provisioned_pollers"),
                problem=f"{pollers.minimum_pollers} pollers at least are more than {pollers.maximum_pollers} at most",
                hint=f"write minimum_pollers: {pollers.maximum_pollers}",
            )
