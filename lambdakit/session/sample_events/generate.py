"""A source's event, and the refusal of what it does not have."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.limits import SYNC_REQUEST_BYTES_MAX
from lambdakit.session.sample_events.overlay import overlaid
from lambdakit.session.sample_events.sample import Choices, Sample
from lambdakit.session.sample_events.samples import SAMPLES

_NEAREST: Final = 4
_ALIKE: Final = 0.5
_COUNT_MAX: Final = 10_000
_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# What people call a source, where no other name is like it.
_ALSO: Final[Mapping[str, str]] = {
    "api-gateway": "rest-api",
    "apigateway": "rest-api",
    "apigw": "rest-api",
    "cloudwatch": "cloudwatch-alarm",
    "cloudwatch-events": "eventbridge",
    "cron": "schedule",
    "docdb": "documentdb",
    "events": "eventbridge",
    "logs": "cloudwatch-logs",
    "queue": "sqs",
    "s3": "s3-put",
    "topic": "sns",
}


def sample_event(source: str, choices: Choices | None = None, members: Any = None) -> Any:
    """The event of `source`, with `members` (JSON) laid over it. The same each time.

    Raises HarnessError: an unknown source, with the nearest names; a choice that the source's event does not show or
    that no event can have.
    """
    sample = SAMPLES.get(source)
    if sample is None:
        raise _unknown(source)
    choices = choices or Choices()
    problems = [*_unshown(source, sample, choices), *_impossible(source, choices)]
    if problems:
        raise HarnessError(*problems)
    event = sample.make(choices)
    event = event if members is None else overlaid(event, members)
    size = len(json.dumps(event).encode())
    if size > SYNC_REQUEST_BYTES_MAX:
        problem = f"the event has {size:,} bytes; a function takes {SYNC_REQUEST_BYTES_MAX:,}"
        raise HarnessError(_refusal(source, problem, hint="pass a smaller count, body or message"))
    return event


def option(name: str) -> str:
    """How the command line calls a choice."""
    return f"--{name.replace('_', '-')}"


def _unknown(source: str) -> HarnessError:
    also = [_ALSO[source.lower()]] if source.lower() in _ALSO else []
    words = set(source.lower().split("-"))
    parts = [name for name in SAMPLES if source and source.lower() in name]
    shared = [name for name in SAMPLES if words & set(name.split("-"))]
    close = difflib.get_close_matches(source.lower(), SAMPLES, n=_NEAREST, cutoff=_ALIKE)
    nearest = list(dict.fromkeys([*also, *parts, *close, *shared]))[:_NEAREST]
    problem = f"there is no source {source!r}"
    if nearest:
        problem += f"; nearest {'is' if len(nearest) == 1 else 'are'} {', '.join(nearest)}"
    return HarnessError(Diagnostic(problem=problem, code="LK580", hint="lambdakit events list shows every source"))


def _unshown(source: str, sample: Sample, choices: Choices) -> list[Diagnostic]:
    takes = ", ".join(option(name) for name in sample.takes)
    hint = f"it takes {takes}; --json sets any member" if takes else "--json sets any member"
    return [
        _refusal(source, f"{option(name)} stands nowhere in an event of {source}", hint=hint)
        for name in choices.given()
        if name not in sample.takes
    ]


def _impossible(source: str, choices: Choices) -> list[Diagnostic]:
    found = []
    if choices.count is not None and not 1 <= choices.count <= _COUNT_MAX:
        found.append(_refusal(source, f"--count {choices.count} is not from 1 to {_COUNT_MAX:,}"))
    if not _ACCOUNT.fullmatch(choices.account_id):
        found.append(_refusal(source, f"--account-id {choices.account_id!r} is not 12 digits"))
    if not _REGION.fullmatch(choices.region):
        found.append(_refusal(source, f"--region {choices.region!r} is no region", hint="such as eu-central-1"))
    if source in _JSON_BODIES and choices.body is not None and not _is_json(choices.body, source):
        kind = "JSON" if _JSON_BODIES[source] is object else "a JSON object"
        found.append(_refusal(source, f"--body of {source} is {kind}, and {_shortened(choices.body)!r} is not"))
    return found


# Sources whose body stands in the event as JSON: what it has to be.
_JSON_BODIES: Final[Mapping[str, type]] = {
    "eventbridge": dict,
    "appsync": dict,
    "iot": object,
    "step-functions": object,
    "destination": object,
}


def _is_json(text: str, source: str) -> bool:
    try:
        return isinstance(json.loads(text), _JSON_BODIES[source])
    except (ValueError, RecursionError):
        return False


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refusal(source: str, problem: str, *, hint: str = "") -> Diagnostic:
    return Diagnostic(pointer=source, problem=problem, code="LK581", hint=hint)
