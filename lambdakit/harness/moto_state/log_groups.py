"""moto's log groups: told of every line that is put, by the API or by the functions' own writer.

moto would send all lines of a group to its subscriptions, whatever their pattern, and make nothing of metric filters;
both are ours. Its searches get the whole pattern language. A second subscription could not be put anew, and a metric
filter that was put twice was there twice.

Private surface used: of `moto.logs.models` `LogStream.put_log_events` with `events` and `_send_log_events`,
`LogGroup.put_subscription_filter`, `EventMessageFilter`, `LogsBackend.put_subscription_filter`, `put_metric_filter` and
`filter_log_events`, with `groups`, `filters` and `destinations`.
Canary: tests/unit/harness/test_harness_moto_pushers.py.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.log_policies import AccountPolicies, AccountSubscription
from lambdakit.records import dataclass

_MODULE: Final = "moto.logs.models"
# An event's id begins with its time, as those in AWS's samples do.
_TIME_SHIFT: Final = 144


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """A line. timestamp: in milliseconds."""

    id: str
    timestamp: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who is sent lines. role_arn: empty without one. policy_level: of an account's policy; empty for a group's."""

    name: str
    pattern: str
    destination_arn: str
    role_arn: str
    policy_level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedBatch:
    """Lines that were put into a stream at once, and who is to know of them.

    metric_filters: as DescribeMetricFilters has them.
    """

    account_id: str
    region: str
    group: str
    stream: str
    events: Sequence[LoggedEvent]
    subscriptions: Sequence[Subscription]
    metric_filters: Sequence[Mapping[str, Any]]

    @property
    def group_arn(self) -> str:
        """The group's ARN, as resource policies name it: with `:*`."""
        return f"arn:{partition_of(self.region)}:logs:{self.region}:{self.account_id}:log-group:{self.group}:*"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDestination:
    """Where a logical destination leads."""

    target_arn: str
    role_arn: str


class LogPatterns:
    """What patterns mean. Each raises ValueError, with the service's text, for a text that is no pattern."""

    def __init__(
        self,
        matches: Callable[[str, str], bool],
        values: Callable[[str, str], Mapping[str, str]],
        takes_dimensions: Callable[[str], bool],
    ) -> None:
        self.matches = matches  # pattern, message
        self.values = values  # pattern, message -> what is extracted
        self.takes_dimensions = takes_dimensions  # pattern


class LogGroups:
    """The log groups of all accounts.

    logged: told of lines, in the thread of who puts them. refusal: why a group of that ARN may not send to a
    destination in a session of a role, as the service says it; None when it may.
    """

    def __init__(
        self,
        logged: Callable[[LoggedBatch], None],
        patterns: LogPatterns,
        refusal: Callable[[str, str, str], str | None],
    ) -> None:
        self._logged = logged
        self._patterns = patterns
        self._refusal = refusal
        self._putting = threading.RLock()
        self.policies = AccountPolicies(patterns.matches, patterns.values)
        change_when_loaded(self._change)

    def destination(self, arn: str) -> LogDestination | None:
        """The logical destination of that ARN; None when there is none."""
        models: Any = loaded(_MODULE)
        parts = arn.split(":")
        if models is None or len(parts) != 7:
            return None
        found = models.logs_backends[parts[4]][parts[3]].destinations.get(arn)
        return None if found is None else LogDestination(target_arn=found.target_arn, role_arn=found.role_arn)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != _MODULE:
            return
        models: Any = module
        self._change_streams(models.LogStream)
        self._change_backend(models.LogsBackend)
        models.EventMessageFilter = functools.partial(_Search, self._patterns)

    def _change_streams(self, stream_class: Any) -> None:
        own = _original(stream_class.put_log_events)

        @functools.wraps(own)
        def put_log_events(stream: Any, log_events: Sequence[Mapping[str, Any]]) -> str:
            with self._putting:
                before = len(stream.events)
                token = str(own(stream, log_events))
                added = stream.events[before:]
            batch = self._batch(stream, added) if added else None
            if batch is not None:
                self._logged(batch)
            return token

        stream_class.put_log_events = put_log_events
        stream_class._send_log_events = _send_nothing

    def _batch(self, stream: Any, added: Sequence[Any]) -> LoggedBatch | None:
        """What is to be told of; None when nobody is to know."""
        group = stream.log_group
        models: Any = loaded(_MODULE)
        backend = models.logs_backends[group.account_id][group.region]
        subscriptions = [
            *(_subscription(kept) for kept in list(group.subscription_filters.values())),
            *(_of_account(policy) for policy in self.policies.subscriptions(backend, group.name)),
        ]
        filters = [kept for kept in backend.filters.metric_filters if kept["logGroupName"] == group.name]
        if not subscriptions and not filters:
            return None
        return LoggedBatch(
            account_id=group.account_id,
            region=group.region,
            group=group.name,
            stream=stream.log_stream_name,
            events=[_event(event) for event in added],
            subscriptions=subscriptions,
            metric_filters=filters,
        )

    def _change_backend(self, backend_class: Any) -> None:
        own_filter = _original(backend_class.filter_log_events)
        own_metric_filter = _original(backend_class.put_metric_filter)
        own_subscription = _original(backend_class.put_subscription_filter)

        @functools.wraps(own_filter)
        def filter_log_events(backend: Any, *arguments: Any, **named: Any) -> Any:
            pattern = named["filter_pattern"] if "filter_pattern" in named else arguments[6]
            self._need_pattern(pattern or "")
            return own_filter(backend, *arguments, **named)

        @functools.wraps(own_subscription)
        def put_subscription_filter(
            backend: Any,
            log_group_name: str,
            filter_name: str,
            filter_pattern: str,
            destination_arn: str,
            role_arn: str | None,
        ) -> None:
            group = _need_group(backend, log_group_name)
            self._need_pattern(filter_pattern or "")
            problem = self._refusal(f"{group.arn}:*", destination_arn, role_arn or "")
            if problem is not None:
                raise _invalid(problem)
            _put_subscription(group, filter_name, filter_pattern or "", destination_arn, role_arn)

        @functools.wraps(own_metric_filter)
        def put_metric_filter(
            backend: Any,
            filter_name: str,
            filter_pattern: str,
            log_group_name: str,
            metric_transformations: Sequence[Mapping[str, Any]],
        ) -> None:
            _need_group(backend, log_group_name)
            self._need_pattern(filter_pattern, "Invalid metric filter pattern")
            for transformation in metric_transformations:
                self._need_fitting(filter_pattern, transformation)
            backend.filters.delete_filter(filter_name, log_group_name)
            own_metric_filter(backend, filter_name, filter_pattern, log_group_name, metric_transformations)

        backend_class.filter_log_events = filter_log_events
        backend_class.put_subscription_filter = put_subscription_filter
        backend_class.put_metric_filter = put_metric_filter

    def _need_pattern(self, pattern: str, generic: str = "Invalid filter pattern") -> None:
        try:
            self._patterns.matches(pattern, "")
        except ValueError as error:
            raise _invalid(str(error).replace("Invalid filter pattern", generic)) from None

    def _need_fitting(self, pattern: str, transformation: Mapping[str, Any]) -> None:
        """Source: Amazon CloudWatch Logs API Reference, "MetricTransformation" (dimensions, default value)."""
        if not transformation.get("dimensions"):
            return
        if transformation.get("defaultValue") is not None:
            raise _invalid(
                "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
            )
        if not self._patterns.takes_dimensions(pattern):
            raise _invalid("The specified filter pattern does not support dimensions")


class _Search:
    """Stands where moto's FilterLogEvents looks whether a line is meant."""

    def __init__(self, patterns: LogPatterns, pattern: str | None) -> None:
        self._patterns = patterns
        self._pattern = pattern or ""

    def matches(self, message: str) -> bool:
        """Whether a line is meant."""
        return self._patterns.matches(self._pattern, message)


def _put_subscription(group: Any, name: str, pattern: str, destination_arn: str, role_arn: str | None) -> None:
    """Source: Amazon CloudWatch Logs API Reference, "PutSubscriptionFilter": two for a group; one may be put anew."""
    if name in group.subscription_filters:
        group.subscription_filters[name].update(pattern, destination_arn, role_arn)
        return
    group.put_subscription_filter(name, pattern, destination_arn, role_arn)


def _subscription(kept: Any) -> Subscription:
    return Subscription(
        name=kept.name,
        pattern=kept.filter_pattern or "",
        destination_arn=kept.destination_arn,
        role_arn=kept.role_arn or "",
    )


def _of_account(policy: AccountSubscription) -> Subscription:
    return Subscription(
        name=policy.name,
        pattern=policy.pattern,
        destination_arn=policy.destination_arn,
        role_arn=policy.role_arn,
        policy_level="ACCOUNT_LEVEL_POLICY",
    )


def _event(event: Any) -> LoggedEvent:
    number = (int(event.timestamp) << _TIME_SHIFT) + int(event.event_id)
    return LoggedEvent(id=f"{number:056d}", timestamp=int(event.timestamp), message=event.message)


def _need_group(backend: Any, name: str) -> Any:
    from moto.logs.exceptions import ResourceNotFoundException

    group = backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group


def _invalid(message: str) -> Exception:
    from moto.logs.exceptions import InvalidParameterException

    refused: Exception = InvalidParameterException(message)
    return refused


def _send_nothing(*_: object, **__: object) -> None:
    """Instead of moto's own delivery."""


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)
