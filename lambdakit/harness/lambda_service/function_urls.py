"""Function URLs: one for a function's `$LATEST` and one for each alias.

Source: AWS Lambda API Reference, "CreateFunctionUrlConfig"; AWS Lambda Developer Guide, "Creating and managing Lambda
function URLs".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_table import FunctionTable, missing
from lambdakit.harness.lambda_service.invocation_rules import refuse_with_tenants
from lambdakit.records import dataclass

_ID_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrl:
    """A URL's configuration.

    url_id: the first label of its host name. function_arn: unqualified. qualifier: an alias; empty for `$LATEST`.
    auth_type: `NONE` or `AWS_IAM`. invoke_mode: `BUFFERED` or `RESPONSE_STREAM`.
    cors: as the API has it; empty when nothing was set.
    """

    url_id: str
    function_arn: str
    qualifier: str
    region: str
    auth_type: str
    created: datetime
    last_modified: datetime
    invoke_mode: str = "BUFFERED"
    cors: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL as AWS would give it."""
        return f"https://{self.url_id}.lambda-url.{self.region}.on.aws/"

    @property
    def target_arn(self) -> str:
        """The ARN of what it invokes."""
        return f"{self.function_arn}:{self.qualifier}" if self.qualifier else self.function_arn


class FunctionUrls:
    """The URLs of the functions of a table. Whoever watches is told the id of a URL that came, changed or went."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table
        self._urls: dict[tuple[str, str], FunctionUrl] = {}
        self._watchers: list[Callable[[str], None]] = []

    def watch(self, on_changed: Callable[[str], None]) -> None:
        """Calls `on_changed` with the id of each URL that came, changed or went."""
        self._watchers.append(on_changed)

    def create(
        self, named: FunctionName, *, auth_type: str, cors: Mapping[str, Any], invoke_mode: str = "BUFFERED"
    ) -> FunctionUrl:
        """Adds a URL. ResourceConflictException when there is one, ResourceNotFoundException without its function."""
        with self._table.lock:
            function = self._table.named(named)
            if named.qualifier and named.qualifier not in function.aliases:
                raise missing(named)
            refuse_with_tenants(function.latest.configuration, "Function URLs are")
            key = (function.arn, named.qualifier)
            if key in self._urls:
                raise ServiceFault(
                    "ResourceConflictException",
                    "Failed to create function url config for [functionArn = "
                    f"{named.arn}]. Error message:  FunctionUrlConfig exists for this Lambda function",
                )
            now = self._table.now()
            url = FunctionUrl(
                url_id=_url_id(*key),
                function_arn=function.arn,
                qualifier=named.qualifier,
                region=named.region,
                auth_type=auth_type,
                created=now,
                last_modified=now,
                invoke_mode=invoke_mode,
                cors=cors,
            )
            self._urls[key] = url
        self._tell(url.url_id)
        return url

    def update(
        self, named: FunctionName, *, auth_type: str | None, cors: Mapping[str, Any] | None, invoke_mode: str | None
    ) -> FunctionUrl:
        """Changes a URL; None leaves as it was. ResourceNotFoundException when there is none."""
        with self._table.lock:
            current = self.get(named)
            url = replace(
                current,
                auth_type=current.auth_type if auth_type is None else auth_type,
                cors=current.cors if cors is None else cors,
                invoke_mode=current.invoke_mode if invoke_mode is None else invoke_mode,
                last_modified=self._table.now(),
            )
            self._urls[url.function_arn, url.qualifier] = url
        self._tell(url.url_id)
        return url

    def get(self, named: FunctionName) -> FunctionUrl:
        """A URL. ResourceNotFoundException when there is none, or no such function."""
        with self._table.lock:
            function = self._table.named(named)
            url = self._urls.get((function.arn, named.qualifier))
        if url is None:
            raise ServiceFault("ResourceNotFoundException", "The resource you requested does not exist.")
        return url

    def by_id(self, url_id: str) -> FunctionUrl | None:
        """The URL whose host name begins so; None when there is none."""
        with self._table.lock:
            return next((url for url in self._urls.values() if url.url_id == url_id), None)

    def of_function(self, named: FunctionName) -> Sequence[FunctionUrl]:
        """All URLs of a function, `$LATEST`'s first."""
        with self._table.lock:
            arn = self._table.named(named).arn
            return [url for (owner, _), url in sorted(self._urls.items()) if owner == arn]

    def delete(self, named: FunctionName) -> None:
        """Removes a URL. ResourceNotFoundException when there is none."""
        url = self.get(named)
        self.forget(url.function_arn, url.qualifier)

    def forget(self, arn: str, qualifier: str) -> None:
        """Removes a URL; nothing happens when there is none."""
        with self._table.lock:
            url = self._urls.pop((arn, qualifier), None)
        if url is not None:
            self._tell(url.url_id)

    def forget_function(self, arn: str) -> None:
        """Removes all of a function, when it is deleted."""
        with self._table.lock:
            qualifiers = [qualifier for owner, qualifier in self._urls if owner == arn]
        for qualifier in qualifiers:
            self.forget(arn, qualifier)

    def _tell(self, url_id: str) -> None:
        for on_changed in self._watchers:
            on_changed(url_id)


def _url_id(arn: str, qualifier: str) -> str:
    """Follows from what it invokes, so that a second deployment of the same assembly gives the same URL."""
    digest = hashlib.sha256(f"{arn}\0{qualifier}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_ID_LENGTH]
