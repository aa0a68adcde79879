"""What a rule's target gets instead of the event: a constant, a part of it, or a template filled in.

A template is text in which `<name>` stands for a value. Outside quotes a value is JSON: text gets quotes. Inside quotes
it is put in as it is: text without escapes, objects and arrays without their own quotes. Of a path that leads nowhere
nothing is put in: inside quotes no character, elsewhere the member or element goes.

Source: Amazon EventBridge User Guide, "Amazon EventBridge input transformation" (its examples, "Predefined variables"
and "Common issues with transforming input").
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.delivery.bus_event import BusEvent, write_json
from lambdakit.harness.delivery.json_path import InvalidPath, compile_path
from lambdakit.harness.event_pattern import read_json
from lambdakit.harness.moto_state.event_buses import BusRule
from lambdakit.harness.runtime.random_ids import random_uuid

RULE_ARN: Final = "aws.events.rule-arn"
RULE_NAME: Final = "aws.events.rule-name"
INGESTION_TIME: Final = "aws.events.event.ingestion-time"
EVENT: Final = "aws.events.event"
WHOLE_EVENT: Final = "aws.events.event.json"
_NOT_ESCAPED: Final = frozenset({EVENT, WHOLE_EVENT})


class InputProblem(Exception):
    """A target's input cannot be made of an event. The text says why."""


def target_input(target: Mapping[str, Any], event: BusEvent, rule: BusRule) -> bytes:
    """What a target gets. target: as `PutTargets` takes it. InputProblem when it cannot be made."""
    if target.get("Input") is not None:
        return str(target["Input"]).encode()
    if target.get("InputPath") is not None:
        return _part(str(target["InputPath"]), event)
    if target.get("InputTransformer") is not None:
        transformer = target["InputTransformer"]
        return fill_in(str(transformer["InputTemplate"]), transformer.get("InputPathsMap") or {}, event, rule).encode()
    return event.payload


def fill_in(template: str, paths: Mapping[str, str], event: BusEvent, rule: BusRule) -> str:
    """A template with its values. paths: of the variables that it may name, beside the reserved ones."""
    values = _values(paths, event, rule)
    # Where a value is missing outside quotes; taken out again once the rest is there.
    nothing = f"nothing-{random_uuid()}"
    text, is_lacking = _Filling(template, paths, values, nothing).text()
    return _without(text, nothing) if is_lacking else text


def fill_values(template: str, values: Mapping[str, Any], names: Collection[str]) -> str:
    """A template with values of any kind. names: all that it may name; one without a value stands for nothing."""
    nothing = f"nothing-{random_uuid()}"
    text, is_lacking = _Filling(template, dict.fromkeys(names, ""), values, nothing).text()
    return _without(text, nothing) if is_lacking else text


def _values(paths: Mapping[str, str], event: BusEvent, rule: BusRule) -> Mapping[str, Any]:
    """The values that are there, by name."""
    values: dict[str, Any] = {}
    for name, text in paths.items():
        try:
            is_there, value = compile_path(text).find(event.values)
        except InvalidPath:
            continue  # User Guide: paths are not validated, one that leads nowhere makes no variable
        if is_there:
            values[name] = value
    return {
        **values,
        RULE_ARN: rule.arn,
        RULE_NAME: rule.name,
        INGESTION_TIME: iso_milliseconds(event.received),
        EVENT: {name: value for name, value in event.values.items() if name != "detail"},
        WHOLE_EVENT: event.values,
    }


class _Filling:
    """One pass over a template."""

    def __init__(self, template: str, paths: Mapping[str, str], values: Mapping[str, Any], nothing: str) -> None:
        self._template = template
        self._names = {*paths, *values}
        self._values = values
        self._nothing = nothing
        self._is_lacking = False

    def text(self) -> tuple[str, bool]:
        """The template with its values, and whether one is missing outside quotes."""
        pieces: list[str] = []
        position, is_quoted = 0, False
        while position < len(self._template):
            character = self._template[position]
            if character == "\\" and is_quoted:
                pieces.append(self._template[position : position + 2])
                position += 2
                continue
            end = self._template.find(">", position) if character == "<" else -1
            name = self._template[position + 1 : end] if end > 0 else ""
            if name in self._names:
                pieces.append(self._quoted(name) if is_quoted else self._bare(name))
                position = end + 1
                continue
            if character == '"':
                is_quoted = not is_quoted
            pieces.append(character)
            position += 1
        return "".join(pieces), self._is_lacking

    def _quoted(self, name: str) -> str:
        if name not in self._values:
            return ""
        value = self._values[name]
        if isinstance(value, str):
            return value
        text = write_json(value)
        return text if name in _NOT_ESCAPED else text.replace('"', "")

    def _bare(self, name: str) -> str:
        if name in self._values:
            return write_json(self._values[name])
        self._is_lacking = True
        return json.dumps(self._nothing)


def _without(text: str, nothing: str) -> str:
    """JSON without the members and elements that are `nothing`; of other text the word itself goes."""
    try:
        values = read_json(text)
    except ValueError:
        return text.replace(json.dumps(nothing), "")
    return "" if values == nothing else write_json(_pruned(values, nothing))


def _pruned(value: Any, nothing: str) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(member, nothing) for name, member in value.items() if member != nothing}
    if isinstance(value, list):
        return [_pruned(element, nothing) for element in value if element != nothing]
    return value


def _part(path: str, event: BusEvent) -> bytes:
    try:
        is_there, value = compile_path(path).find(event.values)
    except InvalidPath as invalid:
        raise InputProblem(f"InputPath: {invalid}") from None
    if not is_there:
        raise InputProblem(f"InputPath {path!r} leads nowhere in the event")
    return write_json(value).encode()
