"""JavaScript of resolvers (APPSYNC_JS 1.0.0): code, a function's name, its context, and what came of it.

Every evaluation has a context of its own in the one process of a harness: nothing that code does stays. A process that
ends, or that code keeps too long, is replaced for the next evaluation.
Source: AppSync Developer Guide, "JavaScript runtime features for resolvers and functions", "Runtime utilities",
"Testing and debugging resolvers in AWS AppSync (JavaScript)". The type of errors that code runs into is not confirmed
by a page.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from lambdakit.harness.routing.graphql.evaluation.evaluated import (
    CodeProblem,
    Evaluated,
    JsonValue,
    ResolverContext,
    ResolverError,
)
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.noted import Noted, message_of, unauthorized
from lambdakit.harness.routing.graphql.evaluation.script_functions import ScriptFunctions
from lambdakit.harness.routing.graphql.evaluation.script_process import Answer, ProcessLost, ScriptProcess

# AWS AppSync endpoints and quotas: "Evaluated resolver template size". How long code may take no page says.
_RESULT_BYTES_MAX: Final = 5 * 1024 * 1024
_SECONDS: Final = 5.0
# Node.js ends code that takes too long itself; if it does not, the process is ended this much later.
_GRACE_SECONDS: Final = 2.0
_START_SECONDS: Final = 30.0
_OF_CODE: Final = "Code"
_REFUSED: Final = "The code contains one or more errors."


class ScriptEvaluator:
    """Runs resolvers' code in a Node.js process of its own, which is started when it is first needed.

    seconds: what an evaluation may take.
    """

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._process: ScriptProcess | None = None
        self._is_closed = False
        # Held while code runs: the process does one thing at a time.
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def evaluate(
        self, code: str, function_name: Literal["request", "response"], context: ResolverContext, *, now: datetime
    ) -> Evaluated:
        """What a handler of `code` makes of its context. now: the harness's time.

        RuntimeUnavailable where there is no Node.js.
        """
        request: dict[str, Any] = {
            "kind": "evaluate",
            "code": code,
            "handler": function_name,
            "milliseconds": int(self._seconds * 1000),
            "bytes": _RESULT_BYTES_MAX,
        }
        noted = Noted()
        try:
            request["context"] = _context_text(context)
            done = self._asked(request, ScriptFunctions(context, now).answer)
            return _evaluated(done, function_name, context, noted)
        except (ProcessLost, FunctionFailed) as failed:
            error = ResolverError(message=str(failed), error_type=_OF_CODE)
            return noted.evaluated(error=error, stash=context.stash)

    def check_code(self, code: str) -> tuple[CodeProblem, ...]:
        """Why the service refuses to keep `code`; none where it does not. Types are not looked at.

        RuntimeUnavailable where there is no Node.js.
        """
        try:
            done = self._asked({"kind": "check", "code": code}, lambda name, given: "{}")
        except ProcessLost as lost:
            return (CodeProblem(error_type="PARSE_ERROR", value=str(lost), line=0, column=0, span=-1),)
        return _problems(done)

    def close(self) -> None:
        """Ends the process, and with it what still runs there; a second call does nothing."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.end()
        with self._turn:
            process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _asked(self, request: dict[str, Any], answer: Answer) -> Mapping[str, Any]:
        with self._turn:
            if self._is_closed:
                raise ProcessLost("the harness is closed")
            process, seconds = self._process, self._seconds + _GRACE_SECONDS
            if process is None or not process.is_running:
                if process is not None:
                    process.kill()
                self._process = process = ScriptProcess()
                seconds += _START_SECONDS
            try:
                done = process.ask(request, answer, seconds)
            except ProcessLost:
                process.kill()
                raise
        return done if isinstance(done, dict) else {}


def _context_text(context: ResolverContext) -> str:
    whole = {
        "arguments": context.arguments,
        "source": context.source,
        "identity": context.identity,
        "request": context.request,
        "info": context.info,
        "stash": context.stash,
        "prev": context.prev,
        "result": context.result,
        "error": context.error,
        "env": context.env,
        "outErrors": context.out_errors,
    }
    try:
        return json.dumps(whole, separators=(",", ":"), default=_plain)
    except RecursionError:
        raise FunctionFailed("the context is nested too deep") from None


def _plain(value: object) -> object:
    """Maps and sequences that are no dict and no list."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _evaluated(done: Mapping[str, Any], function_name: str, context: ResolverContext, noted: Noted) -> Evaluated:
    problems = _problems(done)
    if problems:
        error = ResolverError(message=_REFUSED, error_type=_OF_CODE)
        return Evaluated(error=error, stash=context.stash, problems=problems)
    outcome = _map(done.get("outcome"))
    left = done.get("stash")
    stash: Mapping[str, JsonValue] = left if isinstance(left, dict) else context.stash
    _replay(done.get("said"), _map(done.get("places")), noted)
    match outcome.get("kind"):
        case "done":
            return noted.evaluated(result=outcome.get("result"), stash=stash)
        case "return":
            value, skips = outcome.get("value"), outcome.get("skipsRest") is True
            return noted.evaluated(result=value, stash=stash, early_return=True, skip_next=skips)
        case "error":
            error = _error(outcome)
        case "unauthorized":
            error = unauthorized(context.info)
        case kind:
            error = ResolverError(message=_failure(str(kind), outcome, function_name), error_type=_OF_CODE)
    return noted.evaluated(error=error, stash=stash)


def _failure(kind: str, outcome: Mapping[str, Any], function_name: str) -> str:
    match kind:
        case "missing":
            return f"code.js exports no function named {function_name}"
        case "late":
            return "the code took longer than it may"
        case "large":
            return "the evaluated result is over 5 MB"
        case "thrown":
            where = f"code.js:{outcome.get('line')}:{outcome.get('column')}: " if outcome.get("line") else ""
            return f"{where}{outcome.get('name')}: {outcome.get('message')}"
    return message_of(outcome.get("message"))


def _problems(done: Mapping[str, Any]) -> tuple[CodeProblem, ...]:
    return tuple(
        CodeProblem(
            error_type=str(each["type"]),
            value=str(each["value"]),
            line=int(each["line"]),
            column=int(each["column"]),
            span=int(each["span"]),
        )
        for each in done.get("problems") or ()
    )


def _replay(said: Any, places: Mapping[str, Any], noted: Noted) -> None:
    """What the code said, in order. FunctionFailed for what is not of the form that it has."""
    for words in said if isinstance(said, list) else ():
        match words:
            case ["log", str(level), [int(line), int(column)], [*texts]]:
                line, column = places.get(f"{line}:{column}", (line, column))
                noted.log(f"{level} - code.js:{line}:{column}: {' '.join(str(each) for each in texts)}")
            case ["appendError", dict(error)]:
                noted.append_error(_error(error))
            case ["header", name, value]:
                noted.add_header(name, value)
            case ["evict", str(type_name), str(field_name), dict(keys)]:
                noted.evict(type_name, field_name, keys)
            case ["filter", value]:
                noted.set_filter(value)
            case ["invalidationFilter", value]:
                noted.set_invalidation_filter(value)
            case ["invalidate", value]:
                noted.invalidate(value)
            case [str(what), *_]:
                raise FunctionFailed(f"{what}: the arguments are not those that it takes")
            case _:
                raise FunctionFailed("the code said what nobody reads")


def _error(given: Mapping[str, Any]) -> ResolverError:
    kind: JsonValue = given.get("type")
    return ResolverError(
        message=message_of(given.get("message")),
        error_type=None if kind is None else message_of(kind),
        data=given.get("data"),
        error_info=given.get("info"),
    )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
