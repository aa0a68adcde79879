"""The one table of functions that every part of the Lambda service's state shares, with its lock and its clock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from lambdakit.arn import partition_of
from lambdakit.clock import Clock
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.function_record import FunctionRecord, StoredFunction

Listener = Callable[[str], None]


class FunctionTable:
    """Functions by region and name. Everything that changes one holds `lock`; listeners are told after it is free.

    on_changed: told the unqualified ARN of a function whose environments are no longer what they should be.
    """

    def __init__(self, *, account_id: str, region: str, clock: Clock, on_changed: Listener) -> None:
        self.account_id = account_id
        self.region = region
        self.clock = clock
        self.on_changed = on_changed
        self.functions: dict[tuple[str, str], StoredFunction] = {}
        self.lock = threading.RLock()

    def now(self) -> datetime:
        """The time by the harness's clock."""
        return self.clock.now()

    def parse(self, text: str, qualifier: str = "", region: str = "") -> FunctionName:
        """The function that a name, partial ARN or ARN means. Absence of `region`: the account's."""
        return parse_function_name(text, qualifier, account_id=self.account_id, region=region or self.region)

    def get(self, name: str, region: str) -> StoredFunction:
        """A function. ResourceNotFoundException when there is none."""
        function = self.functions.get((region, name))
        if function is None:
            raise self.not_found(name, region)
        return function

    def named(self, named: FunctionName) -> StoredFunction:
        """The function that is named, whatever its qualifier. ResourceNotFoundException when there is none."""
        function = self.functions.get((named.region, named.name))
        if function is None or named.account_id != self.account_id:
            raise missing(named)
        return function

    def version(self, named: FunctionName) -> FunctionRecord:
        """The version that is named. ResourceNotFoundException when there is no such function, version or alias."""
        found = self.named(named).version(named.qualifier)
        if found is None:
            raise missing(named)
        return found

    def in_region(self, region: str) -> Sequence[StoredFunction]:
        """Every function of a region, in the order of their names."""
        return [function for (place, _), function in sorted(self.functions.items()) if place == region]

    def not_found(self, name: str, region: str) -> ServiceFault:
        """The refusal for a function, version or alias that is not there."""
        arn = f"arn:{partition_of(region)}:lambda:{region}:{self.account_id}:function:{name}"
        return ServiceFault("ResourceNotFoundException", f"Function not found: {arn}")


def missing(named: FunctionName) -> ServiceFault:
    """The refusal for what is named and is not there."""
    return ServiceFault("ResourceNotFoundException", f"Function not found: {named.arn}")


def new_revision() -> str:
    """A revision's id that no other has."""
    return str(uuid.uuid4())


def check_revision(expected: str | None, current: str, *, read_with: str = "GetFunction/GetAlias") -> None:
    """PreconditionFailedException when the caller's revision is another than the one that is stored.

    Source: AWS Lambda API Reference, "UpdateFunctionCode" and others (RevisionId).
    """
    if expected and expected != current:
        raise ServiceFault(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {read_with} API to retrieve the latest Revision Id",
        )
