"""The API calls that changed how something is set up, rather than what it holds, and what of a deployment they named.

A queue that a test deleted, a rule that it disabled, a policy that a function took away: `reset` makes such resources
anew, as no one but the deployment knows how they were.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_plus

from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

# How the APIs' operations begin that change what is set up; what they hold is in `_CONTENT`.
_VERBS: Final = (
    "Accept",
    "Add",
    "Associate",
    "Attach",
    "Authorize",
    "Cancel",
    "Create",
    "Decrease",
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Disassociate",
    "Enable",
    "Import",
    "Increase",
    "Merge",
    "Modify",
    "Put",
    "Register",
    "Reject",
    "Remove",
    "Replace",
    "Restore",
    "Revoke",
    "Schedule",
    "Set",
    "Split",
    "Subscribe",
    "Tag",
    "Terminate",
    "Unsubscribe",
    "Untag",
    "Update",
)

# Operations with such a verb on what a resource holds, which is brought back without making the resource anew.
_CONTENT: Final = frozenset(
    {
        "CreateLogStream",
        "CreateDeployment",
        "DeleteItem",
        "DeleteLogStream",
        "DeleteMessage",
        "DeleteMessageBatch",
        "DeleteParameter",
        "DeleteParameters",
        "PutEvents",
        "PutItem",
        "PutLogEvents",
        "PutMetricData",
        "PutParameter",
        "PutRecord",
        "PutRecordBatch",
        "PutRecords",
        "PutSecretValue",
        "SetAlarmState",
        "SubscribeToShard",
        "UpdateItem",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    }
)

# APIs of paths rather than of operations: what is not GET changes something, but for these.
_CHANGING_METHODS: Final = ("DELETE ", "PATCH ", "POST ", "PUT ")
_CONTENT_PATH: Final = re.compile(r"/(?:invocations|invoke-async|response-streaming-invocations)\b|/durable-execution")

_KEPT: Final = 1_000
# Names stand in the first part of a request; what follows is a package of code.
_TEXT_BYTES_MAX: Final = 65_536
_NAME_ENDS: Final = re.compile(r"[/|:]")
# Secrets Manager puts a hyphen and six characters behind a secret's name to make its ARN: API Reference, CreateSecret.
_SECRET_ENDING: Final = -7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    number: int
    text: bytes


class ConfigurationCalls:
    """The last calls that changed a configuration, numbered from 1."""

    def __init__(self) -> None:
        self._calls: deque[_Call] = deque(maxlen=_KEPT)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many there were so far."""
        return self._count

    def note(self, request: Request, named: ServiceRequest) -> None:
        """Keeps a request that succeeded, when it changed how something is set up."""
        if not changes_configuration(request, named):
            return
        text = request.target.encode() + b" " + request.body[:_TEXT_BYTES_MAX]
        with self._lock:
            self._count += 1
            self._calls.append(_Call(number=self._count, text=text))

    def named(self, resources: Iterable[Created], *, after: int) -> list[Created]:
        """Those of `resources` that a call after the one numbered `after` named; all when it is not known any more."""
        with self._lock:
            calls, count = list(self._calls), self._count
        resources = list(resources)
        if count - after > len(calls):
            return resources
        text = "\n".join(_readable(call.text) for call in calls if call.number > after)
        return [created for created in resources if text and _names(text, created)]


def changes_configuration(request: Request, named: ServiceRequest) -> bool:
    """Whether a request changes how something is set up: by its operation, or by its method where that is all there is.

    An object of a bucket is content, and so is a function's invocation.
    """
    operation = named.operation
    if named.service == "s3":
        return operation in ("CreateBucket", "DeleteBucket")  # which the request for any of its settings is called
    if operation.startswith(_CHANGING_METHODS):
        return _CONTENT_PATH.search(request.path) is None
    return operation.startswith(_VERBS) and operation not in _CONTENT


def _readable(text: bytes) -> str:
    """Without the escapes of forms, paths and JSON."""
    return unquote_plus(text.decode("utf-8", "replace")).replace("\\/", "/")


def _names(text: str, created: Created) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in _names_of(created))


def _names_of(created: Created) -> Iterator[str]:
    """What a request may call a resource: its physical id, and the name in one that is a path, a URL or an ARN."""
    physical_id = created.provisioned.physical_id
    if not physical_id:
        return
    yield physical_id
    parts = physical_id.split(":", 6)
    if len(parts) == 7 and parts[0] == "arn":  # `function:name:1` has a qualifier, `rule/bus/name` a path
        name = parts[6].split(":")[0]
    else:
        name = physical_id
    name = _NAME_ENDS.split(name)[-1]
    if name:
        yield name
    if created.resource.type == "AWS::SecretsManager::Secret":
        yield name[:_SECRET_ENDING]
