"""Which records of a source the filters of its mapping let through.

Source: AWS Lambda Developer Guide, "Control which events Lambda sends to your function": filters are ORed; what they
see of a record's data depends on whether pattern and data are JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.event_pattern import FILTER_CRITERIA, EventPattern, InvalidPattern, compile_pattern
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    """A pattern. wants_json: whether it looks into the data, into its text as a whole, or (None) not at it.

    without_data: what it says of the rest of a record; None when it says nothing of it.
    """

    pattern: EventPattern
    wants_json: bool | None
    without_data: EventPattern | None


class FilterCriteria:
    """The filters of a mapping. data_key: the member of a record that carries its data, such as `body`.

    passes_other_forms: where data is not of a filter's form, JSON or text, only the rest of the record decides, as with
    Kafka and Amazon MQ; absence: no filter means such a record.
    Without a filter everything passes.
    """

    def __init__(self, settings: Mapping[str, Any], *, data_key: str, passes_other_forms: bool = False) -> None:
        given = (settings.get("FilterCriteria") or {}).get("Filters") or ()
        self._data_key = data_key
        self._passes_other_forms = passes_other_forms
        self._filters = [_read(str(one.get("Pattern", "{}")), data_key) for one in given]

    def passes(self, record: Mapping[str, Any], data: str | None) -> bool:
        """Whether one of the filters means a record.

        data: its data as text, decoded; None where it is no text. The record's own member for it is replaced by this.
        """
        if not self._filters:
            return True
        parsed = _json_object(data)
        return any(self._matches(one, record, data, parsed) for one in self._filters)

    def _matches(self, one: _Filter, record: Mapping[str, Any], data: str | None, parsed: Any) -> bool:
        if one.wants_json is None:
            return one.pattern.matches(record)
        if data is None or one.wants_json is not (parsed is not None):
            if not self._passes_other_forms:
                return False
            return one.without_data is None or one.without_data.matches(record)
        return one.pattern.matches({**record, self._data_key: parsed if one.wants_json else data})


def _read(text: str, data_key: str) -> _Filter:
    try:
        pattern = compile_pattern(text, FILTER_CRITERIA)
    except InvalidPattern:  # an empty pattern, which the service takes, lets everything through
        pattern = compile_pattern({data_key: [{"exists": True}, {"exists": False}]}, FILTER_CRITERIA)
    wanted = _json_object(text) or {}
    about_data = wanted.get(data_key)
    wants_json = None if about_data is None else isinstance(about_data, Mapping)
    rest = {name: value for name, value in wanted.items() if name != data_key}
    without_data = compile_pattern(rest, FILTER_CRITERIA) if rest else None
    return _Filter(pattern=pattern, wants_json=wants_json, without_data=without_data)


def _json_object(text: str | None) -> Any:
    """The object that `text` holds; None when it holds none."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
