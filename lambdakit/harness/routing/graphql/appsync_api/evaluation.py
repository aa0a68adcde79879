"""Handlers worked out for whoever develops them: `EvaluateCode` and `EvaluateMappingTemplate`.

Source: AWS AppSync API Reference, "EvaluateCode", "EvaluateMappingTemplate" (the context is a JSON string; the result
is a string; `error`, `logs`, `stash` and `outErrors`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.routing.graphql.appsync_api.calls import Input, Output
from lambdakit.harness.routing.graphql.appsync_api.faults import bad_request, code_errors
from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.execution.resolving import Evaluation


def evaluated(evaluation: Evaluation, operation: str, given: Input) -> Output:
    """What a handler makes of the context that is given. BadRequestException for no context."""
    try:
        found = json.loads(given["context"])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise bad_request("Invalid context: it has to be an object in JSON.")
    context = _context(found)
    if operation == "EvaluateMappingTemplate":
        return _told(evaluation.template(given["template"], context), context)
    name = given.get("function") or "request"
    if name not in ("request", "response"):
        raise bad_request(f"Invalid function {name}: request and response are the ones.")
    return _told(evaluation.script(given["code"], "request" if name == "request" else "response", context), context)


def _context(found: Mapping[str, Any]) -> ResolverContext:
    def member(name: str) -> dict[str, Any]:
        value = found.get(name)
        return dict(value) if isinstance(value, dict) else {}

    return ResolverContext(
        arguments=member("arguments") or member("args"),
        source=found.get("source"),
        identity=found.get("identity"),
        request=member("request"),
        info=member("info"),
        stash=member("stash"),
        prev=found.get("prev"),
        result=found.get("result"),
        error=found.get("error"),
        env={str(name): str(value) for name, value in member("env").items()},
        out_errors=found["outErrors"] if isinstance(found.get("outErrors"), list) else (),
    )


def _told(what: Evaluated, context: ResolverContext) -> Output:
    """The answer. A template's text is the result as it was written, also where no resolver could read it."""
    appended = [{"message": each.message, "type": each.error_type} for each in what.appended_errors]
    told: dict[str, Any] = {
        "logs": list(what.logs),
        "stash": json.dumps(what.stash),
        "outErrors": json.dumps([*context.out_errors, *appended]),
    }
    if what.text is not None:
        return {**told, "evaluationResult": what.text}
    if what.error is None:
        return {**told, "evaluationResult": json.dumps(what.result)}
    error: dict[str, Any] = {"message": what.error.message}
    if what.problems:
        error["codeErrors"] = code_errors(what.problems)
    return {**told, "error": error}
