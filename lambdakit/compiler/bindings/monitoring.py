"""The document's `alarms` and `dashboard` of a pattern as the constructs' settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_sns as sns

from lambdakit.compiler.bindings.resources import shared
from lambdakit.constructs.monitoring.dashboard import DashboardProperties
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.monitoring import Monitored


def pattern_alarms(scope: BindingScope, key: str, settings: Monitored) -> PatternAlarms | None:
    """What `alarms` of the pattern called `key` says. Topics that are elsewhere are imported into the stack."""
    alarms = settings.alarms
    if alarms is None:
        return None
    # No pattern's key holds a colon.
    imported = [
        sns.Topic.from_topic_arn(scope.stack, f"{key}:alarms:{number}", arn)
        for number, arn in enumerate(alarms.topic_arns)
    ]
    return PatternAlarms(
        errors=alarms.errors,
        throttles=alarms.throttles,
        duration_share=alarms.duration_share,
        concurrency_share=alarms.concurrency_share,
        async_event_age_seconds=alarms.async_event_age,
        iterator_age_seconds=alarms.iterator_age,
        message_age_seconds=alarms.message_age,
        failure_queue_depth=alarms.failure_queue_depth,
        topics=[*(shared(scope, name) for name in alarms.topics), *imported],
    )


def dashboard_properties(settings: Monitored) -> DashboardProperties | None:
    """What `dashboard` says."""
    dashboard = settings.dashboard
    if dashboard is None:
        return None
    return DashboardProperties(dashboard_name=dashboard.dashboard_name, start=dashboard.start, period=dashboard.period)
