"""The log of an API: what each request did, in `/aws/appsync/apis/<id>`, as the API's settings want it.

Source: AppSync Developer Guide, "Using CloudWatch to monitor and log GraphQL API data" (levels; `RequestMapping`,
`ResponseMapping`, `Tracing` and `ExecutionSummary`, and their members; the group's name). Times of parsing and
validation are not told apart here, and left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.clock import iso_milliseconds
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.graphql.api_record import ApiRecord
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.execution.operation import Asked

_TRACED: Final = ("ALL", "DEBUG")
_CODE_LOGGED: Final = ("ALL", "DEBUG", "INFO")


def log_group(api_id: str) -> str:
    """The group that an API's lines go to."""
    return f"/aws/appsync/apis/{api_id}"


class RequestLog:
    """The lines of one request. may: why the API's role may not write; None when it may."""

    def __init__(
        self,
        write: WriteLine,
        definition: GraphqlDefinition,
        request_id: str,
        *,
        now: Callable[[], datetime],
        may: Callable[[str, str], str | None],
    ) -> None:
        record, config = definition.record, definition.log_config
        self._record = record
        self._request_id = request_id
        self._now = now
        self._began = now()
        self._first = 0.0
        self._held: dict[tuple[str | int, ...], list[str]] = {}  # by path, until a field turns out to be in error
        self._verbose = not (config or {}).get("excludeVerboseContent", False)
        self._level = str((config or {}).get("fieldLogLevel", "NONE"))
        role = str((config or {}).get("cloudWatchLogsRoleArn", ""))
        writes = config is not None and may(role, _arn(record)) is None
        self._write: WriteLine | None = write if writes else None

    def begin(self, asked: Asked, headers: Mapping[str, str]) -> None:
        """The request as it came."""
        self._line("Begin Request")
        if self._verbose:
            variables = json.dumps(asked.variables)
            self._line(f"GraphQL Query: {asked.query}, Operation: {asked.name or 'null'}, Variables: {variables}")
            shown = {key: value for key, value in headers.items() if key not in ("authorization", "x-api-key")}
            self._line(f"Request Headers: {json.dumps(shown)}")
        self._line("Begin Execution")

    def evaluated(
        self, handler: str, step: str, path: list[str | int], context: ResolverContext, what: Evaluated
    ) -> None:
        """A handler has made something of its context."""
        if self._level in _CODE_LOGGED:
            for text in what.logs:
                self._line(text)
        if self._level == "NONE":
            return
        type_name, field_name = context.info.get("parentTypeName"), context.info.get("fieldName")
        line: dict[str, Any] = {
            "logType": f"{handler}Mapping",
            "path": list(path),
            "fieldName": field_name,
            "resolverArn": f"{self._record.arn}/types/{type_name}/resolvers/{field_name}",
            **({} if step == f"{type_name}.{field_name}" else {"functionName": step}),
            "requestId": self._request_id,
            "parentType": type_name,
            "fieldInError": what.error is not None,
            "errors": [] if what.error is None else [f"CustomTemplateException({what.error.message})"],
        }
        if self._verbose:
            line["context"] = {
                "arguments": context.arguments,
                "result": context.result,
                "stash": context.stash,
                "outErrors": list(context.out_errors),
            }
            line["transformedTemplate"] = _text(what.result)
        text = json.dumps(line, default=str)
        if self._level in _TRACED:
            self._line(text)
        else:
            self._held.setdefault(tuple(path), []).append(text)

    def resolved(
        self, place: tuple[str, str], path: list[str | int], returns: str, started: float, ended: float, failed: bool
    ) -> None:
        """A field was resolved."""
        held = self._held.pop(tuple(path), [])
        if self._level not in _TRACED and not (failed and self._level != "NONE"):
            return
        for line in held:
            self._line(line)
        self._first = self._first or started
        self._line(
            json.dumps(
                {
                    "duration": int((ended - started) * 1e9),
                    "logType": "Tracing",
                    "path": list(path),
                    "fieldName": place[1],
                    "startOffset": int((started - self._first) * 1e9),
                    "resolverArn": f"{self._record.arn}/types/{place[0]}/resolvers/{place[1]}",
                    "requestId": self._request_id,
                    "parentType": place[0],
                    "returnType": returns,
                    "fieldInError": failed,
                }
            )
        )

    def end(self, errors: int, duration_ms: float, status: int) -> None:
        """The request as it was answered."""
        summary = {
            "duration": int(duration_ms * 1e6),
            "logType": "ExecutionSummary",
            "requestId": self._request_id,
            "startTime": iso_milliseconds(self._began),
            "endTime": iso_milliseconds(self._now()),
            "version": 1,
            "graphQLAPIId": self._record.api_id,
        }
        self._line("End Field Execution")
        self._line(json.dumps(summary))
        self._line(
            json.dumps(
                {
                    "logType": "RequestSummary",
                    "requestId": self._request_id,
                    "graphQLAPIId": self._record.api_id,
                    "statusCode": status,
                    "latency": int(duration_ms * 1e6),
                    "errorCount": errors,
                }
            )
        )
        self._line(f"End Request: {duration_ms:.0f} ms")

    def _line(self, text: str) -> None:
        if self._write is None:
            return
        record = self._record
        place = LogPlace(
            account_id=record.account_id, region=record.region, group=log_group(record.api_id), stream=self._request_id
        )
        self._write(place, f"{self._request_id} {text}" if not text.startswith("{") else text, self._now())


def _arn(record: ApiRecord) -> str:
    place = f"arn:{partition_of(record.region)}:logs:{record.region}:{record.account_id}"
    return f"{place}:log-group:{log_group(record.api_id)}:*"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
