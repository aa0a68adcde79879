"""What a bucket of moto's is told to notify of, and the check of it before it is kept.

Private surface used: of `moto.s3.models` `FakeBucket.set_notification_configuration`, `FakeBucket.region_name`,
`account_id`, `name` and `notification_configuration` with `cloud_function`, `queue`, `topic` and `event_bridge`, whose
entries have `id`, `arn`, `events` and `filters`; `_notification_config_from_body`,
`get_bucket_notification` and `serialized` of `moto.s3.responses.S3Response`;
`moto.s3.exceptions.S3ClientError`. Canary: tests/unit/harness/test_harness_moto_pushers.py.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

_RULE_NAME: Final = re.compile(rb"<(Name)>\s*([^<]*?)\s*</Name>")
# How the API names a kind of destination -> moto's list of them.
_KINDS: Final[Mapping[str, str]] = {"CloudFunction": "cloud_function", "Queue": "queue", "Topic": "topic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRule:
    """One configuration: what goes where.

    kind: `CloudFunction`, `Queue` or `Topic`. target: its ARN. events: such as `s3:ObjectCreated:*`.
    prefix, suffix: as keys have them, decoded; empty for any.
    Source: Amazon S3 User Guide, "Configuring event notifications using object key name filtering".
    """

    id: str
    kind: str
    target: str
    events: Sequence[str]
    prefix: str = ""
    suffix: str = ""

    def means(self, event: str, key: str) -> bool:
        """Whether an event is to be told. event: such as `ObjectCreated:Put`; key: as it is, not encoded."""
        names = (f"s3:{event}", f"s3:{event.partition(':')[0]}:*")
        return any(name in self.events for name in names) and key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """A bucket, whose it is and where."""

    name: str
    account_id: str
    region: str

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{partition_of(self.region)}:s3:::{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRefused:
    """Why S3 does not keep a notification configuration. details: further members of the error."""

    message: str
    details: Mapping[str, str] = field(default_factory=dict)


Check = Callable[[BucketPlace, Sequence[NotificationRule]], ConfigurationRefused | None]
Configured = Callable[[BucketPlace, Sequence[NotificationRule]], None]


class BucketNotifications:
    """Asks `check` before a configuration is kept, and tells `configured` after it was."""

    def __init__(self, check: Check, configured: Configured) -> None:
        self._check = check
        self._configured = configured
        change_when_loaded(self._change)

    def _change(self, module: ModuleType) -> None:
        loaded: Any = module
        if module.__name__ == "moto.s3.models":
            self._change_buckets(loaded.FakeBucket)
        elif module.__name__ == "moto.s3.responses":
            _change_reading(loaded.S3Response)
            _change_answer(loaded.S3Response)
            _change_errors(loaded.S3Response)

    def _change_buckets(self, bucket_class: Any) -> None:
        own = _original(bucket_class.set_notification_configuration)

        @functools.wraps(own)
        def set_notification_configuration(bucket: Any, notification_config: Mapping[str, Any] | None) -> None:
            place = place_of(bucket)
            problem = self._check(place, list(_asked(notification_config or {})))
            if problem is not None:
                raise _client_error(problem.message, problem.details)
            own(bucket, notification_config)
            self._configured(place, rules_of(bucket))

        bucket_class.set_notification_configuration = set_notification_configuration


def place_of(bucket: Any) -> BucketPlace:
    """Which bucket it is. bucket: moto's."""
    return BucketPlace(name=bucket.name, account_id=bucket.account_id, region=bucket.region_name)


def rules_of(bucket: Any) -> list[NotificationRule]:
    """What a bucket of moto's is told to notify of."""
    configuration = bucket.notification_configuration
    if configuration is None:
        return []
    return [
        _rule(kind, entry.id, entry.arn, entry.events, entry.filters)
        for kind, listed in _KINDS.items()
        for entry in getattr(configuration, listed)
    ]


def tells_event_bridge(bucket: Any) -> bool:
    """Whether a bucket of moto's tells EventBridge of everything."""
    configuration = bucket.notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def _asked(configuration: Mapping[str, Any]) -> Iterator[NotificationRule]:
    """The rules of a request. configuration: its XML, parsed."""
    for kind in _KINDS:
        for entry in configuration.get(f"{kind}Configuration") or ():
            yield _rule(kind, entry.get("Id") or "", entry[kind], entry["Event"], entry.get("Filter") or {})


def _rule(
    kind: str, identifier: str, target: str, events: Sequence[str], filters: Mapping[str, Any]
) -> NotificationRule:
    rules = (filters.get("S3Key") or {}).get("FilterRule") or ()
    values = {str(rule["Name"]).lower(): unquote_plus(str(rule["Value"])) for rule in rules}
    return NotificationRule(
        id=identifier,
        kind=kind,
        target=target,
        events=tuple(events),
        prefix=values.get("prefix", ""),
        suffix=values.get("suffix", ""),
    )


def _change_reading(response_class: Any) -> None:
    """moto knows the names of filter rules in lower case only, and failed over anything else."""
    own = _original(response_class._notification_config_from_body)

    @functools.wraps(own)
    def read(response: Any) -> Any:
        body = response.body if isinstance(response.body, bytes) else str(response.body or "").encode()
        for _, name in _RULE_NAME.findall(body):
            if name.lower() not in (b"prefix", b"suffix"):
                raise _client_error("filter rule name must be either prefix or suffix", {})
        response.body = _RULE_NAME.sub(lambda found: b"<Name>" + found[2].lower() + b"</Name>", body)
        try:
            return own(response)
        except AssertionError:
            raise KeyError("a member is missing") from None  # which moto answers with MalformedXML

    response_class._notification_config_from_body = read


def _change_answer(response_class: Any) -> None:
    """moto keeps that a bucket tells EventBridge, and does not tell of it. Source: API, "NotificationConfiguration"."""
    own = _original(response_class.get_bucket_notification)

    @functools.wraps(own)
    def answer(response: Any) -> Any:
        status, headers, body = own(response)
        if tells_event_bridge(response.backend.get_bucket(response.bucket_name)):
            text = body.decode() if isinstance(body, bytes) else str(body)
            before, end, _ = text.rpartition("</NotificationConfiguration>")
            body = f"{before}<EventBridgeConfiguration/>{end}"
        return status, headers, body

    response_class.get_bucket_notification = answer


def _change_errors(response_class: Any) -> None:
    """moto writes code and message of an error, and nothing else that belongs to it."""
    own = _original(response_class.serialized)

    @functools.wraps(own)
    def serialized(response: Any, action_result: Any) -> Any:
        status, headers, body = own(response, action_result)
        details = getattr(action_result.result, "further_members", {})
        if details:
            written = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details.items())
            text = body.decode() if isinstance(body, bytes) else str(body)
            body = text.replace("</Message>", f"</Message>{written}", 1)
        return status, headers, body

    response_class.serialized = serialized


def _client_error(message: str, details: Mapping[str, str]) -> Exception:
    from moto.s3.exceptions import S3ClientError

    error: Any = S3ClientError("InvalidArgument", message)
    error.further_members = details
    refused: Exception = error
    return refused


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)
