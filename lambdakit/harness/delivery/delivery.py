"""An event on its way to a target, and why a target does not take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is sent.

    source: the ARN of what sends it: a bucket, a rule, a subscription's topic. account_id: whose that is.
    service: the principal that the target's resource policy has to admit, such as `sns.amazonaws.com`.
    role_arn: acts in a session of this role instead; empty for none.
    target: an ARN; a function's with the qualifier that is called.
    what: the kind of event, in a few words, for people.
    parameters: what the target's operation takes beside the payload, by its API's names, such as `MessageGroupId`.
    trace_id: the X-Ray header of the chain of requests; empty when there is none.
    """

    source: str
    account_id: str
    service: str
    target: str
    payload: bytes
    what: str
    role_arn: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trace_id: str = ""


class NotDelivered(Exception):
    """A target did not take an event. code: as the service calls it. is_final: whether trying again is no use."""

    def __init__(self, code: str, message: str, *, is_final: bool) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.is_final = is_final
