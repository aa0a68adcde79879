"""What `update` of `@aws-appsync/utils/dynamodb` changes, as an update expression.

An object in the update changes the attributes that it names and leaves the others of its map; a list, or what
`operations.replace` was given, is put in place of what was there.
Source: AppSync Developer Guide, "Built-in modules" ("Operations"); the placeholders `#expName_1` and `:expValue_1` are
those that EvaluateCode was seen to give. How an increment is written is not confirmed by a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_values import item_value
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

# What the operations of the module are while the code runs; see `inside_node/modules.js`.
_KIND: Final = "_type"
_PAYLOAD: Final = "_payload"
_DEPTH_MAX: Final = 32  # DynamoDB, "Service, account, and table quotas": nested attribute depth


def update_expression(update: Any) -> dict[str, Any]:
    """The expression: `expression`, `expressionNames` and `expressionValues`."""
    if not isinstance(update, Mapping):
        raise FunctionFailed("update: an object is wanted")
    built = _Update()
    for name, value in update.items():
        built.add([built.name(str(name))], value)
    return built.expression()


class _Update:
    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._set: list[str] = []
        self._removed: list[str] = []

    def name(self, name: str) -> str:
        """The placeholder of an attribute's name."""
        if name not in self._by_name:
            self._by_name[name] = f"#expName_{len(self._names) + 1}"
            self._names[self._by_name[name]] = name
        return self._by_name[name]

    def add(self, path: list[str], value: Any) -> None:
        """What an update says of an attribute."""
        if len(path) > _DEPTH_MAX:
            raise FunctionFailed("update: nested too deep")
        place = ".".join(path)
        if isinstance(value, Mapping) and _is_operation(value):
            self._operate(place, str(value[_KIND]), value[_PAYLOAD])
        elif isinstance(value, list) and value and all(_is_operation(each) for each in value):
            for each in value:
                self._replace_item(place, each)
        elif isinstance(value, Mapping) and value and not _is_set(value):
            for name, inner in value.items():
                self.add([*path, self.name(str(name))], inner)
        else:
            self._set.append(f"{place} = {self._value(value)}")

    def expression(self) -> dict[str, Any]:
        """All of it."""
        parts = [f"SET {', '.join(self._set)}"] if self._set else []
        if self._removed:
            parts.append(f"REMOVE {', '.join(self._removed)}")
        whole: dict[str, Any] = {"expression": " ".join(parts), "expressionNames": self._names}
        return {**whole, "expressionValues": self._values} if self._values else whole

    def _value(self, value: Any) -> str:
        placeholder = f":expValue_{len(self._values) + 1}"
        self._values[placeholder] = item_value(value)
        return placeholder

    def _operate(self, place: str, kind: str, payload: Any) -> None:
        match kind:
            case "add" | "replace":
                self._set.append(f"{place} = {self._value(payload)}")
            case "remove":
                self._removed.append(place)
            case "increment" | "decrement":
                by = 1 if payload is None else payload
                self._set.append(f"{place} = {place} {'+' if kind == 'increment' else '-'} {self._value(by)}")
            case "append":
                self._set.append(f"{place} = list_append({place}, {self._value(_list(kind, payload))})")
            case "prepend":
                self._set.append(f"{place} = list_append({self._value(_list(kind, payload))}, {place})")
            case _:
                raise FunctionFailed(f"operations.{kind} does not stand here")

    def _replace_item(self, place: str, operation: Mapping[str, Any]) -> None:
        payload = operation[_PAYLOAD]
        if operation[_KIND] != "updateListItem" or not isinstance(payload, Mapping):
            raise FunctionFailed(f"operations.{operation[_KIND]} does not stand in a list")
        index = payload.get("index")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise FunctionFailed("operations.updateListItem: an index is wanted")
        self._set.append(f"{place}[{index}] = {self._value(payload.get('value'))}")


def _is_operation(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {_KIND, _PAYLOAD}


def _is_set(value: Mapping[str, Any]) -> bool:
    return item_value(value).keys() != {"M"}


def _list(kind: str, payload: Any) -> list[Any]:
    if not isinstance(payload, list):
        raise FunctionFailed(f"operations.{kind}: a list is wanted")
    return payload
