"""Messages put into moto's queues without a request: what a service sends takes a tenth of the time.

Only what needs no check but moto's own goes this way, through the method that requests end in, so that who watches the
queue is told as always. Whatever is refused is left to the API, which says why.

Private surface used: of `moto.sqs.models` `sqs_backends` and `SQSBackend.queues`, `send_message`; of `moto.sqs.utils`
`validate_message_attributes`; `moto.core.exceptions.ServiceException` and `JsonRESTError`. Canary:
tests/unit/harness/test_harness_moto_queues.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import loaded

# The members of SendMessage that need no other form here -> moto's names of them.
_MEMBERS: Final[Mapping[str, str]] = {
    "MessageAttributes": "message_attributes",
    "MessageGroupId": "group_id",
    "MessageDeduplicationId": "deduplication_id",
}


def send(
    arn: str, body: str, parameters: Mapping[str, Any], system_attributes: Mapping[str, Any] | None = None
) -> bool:
    """Whether the queue has the message now. False: it is for the API to take or to refuse; nothing has happened.

    parameters, system_attributes: as SendMessage has them.
    """
    models: Any = loaded("moto.sqs.models")
    utils: Any = loaded("moto.sqs.utils")
    parts = arn.split(":")
    if models is None or utils is None or len(parts) != 6 or not body or not parameters.keys() <= _MEMBERS.keys():
        return False
    attributes = parameters.get("MessageAttributes") or {}
    if any("BinaryValue" in one for one in attributes.values()):
        return False
    region, account_id, name = parts[3:]
    if account_id not in models.sqs_backends or region not in models.sqs_backends[account_id]:
        return False
    backend = models.sqs_backends[account_id][region]
    if name not in backend.queues:
        return False
    from moto.core.exceptions import JsonRESTError, ServiceException

    given = {_MEMBERS[member]: value for member, value in parameters.items()}
    try:
        utils.validate_message_attributes(attributes)
        backend.send_message(name, body, system_attributes=system_attributes, **given)
    except (ServiceException, JsonRESTError):
        return False
    return True
