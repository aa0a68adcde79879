"""Definitions of state machines whose Map states run distributed, in the words that moto's grammar knows.

In: a definition as it was given. Out: the same without the fields of distributed Map states that the grammar lacks or
reads in part; what they say lies in the state's comment instead, from which `distributed_map` reads it back.
Source, here and wherever nothing else is said: AWS Step Functions Developer Guide, "Map state input and output fields
in Step Functions" and its pages "ItemReader (Map)", "ItemBatcher (Map)" and "ResultWriter (Map)".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.records import dataclass

_MARK: Final = "lambdakit-map:"
_JSONATA: Final = "JSONata"
_TAKEN_OUT: Final = ("ItemReader", "ItemBatcher", "ResultWriter")
_READER_CONFIG: Final = frozenset(
    "InputType CSVHeaderLocation CSVHeaders CSVDelimiter MaxItems MaxItemsPath ItemsPointer ManifestType"
    " Transformation".split()
)
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "ItemReader": frozenset({"Resource", "Parameters", "Arguments", "ReaderConfig"}),
    "ItemReader/ReaderConfig": _READER_CONFIG,
    "ItemBatcher": frozenset(
        "MaxItemsPerBatch MaxItemsPerBatchPath MaxInputBytesPerBatch MaxInputBytesPerBatchPath BatchInput".split()
    ),
    "ResultWriter": frozenset({"Resource", "Parameters", "Arguments", "WriterConfig"}),
    "ResultWriter/WriterConfig": frozenset({"Transformation", "OutputType"}),
}
_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "ItemReader/Resource": frozenset({"s3:getObject", "s3:listObjectsV2"}),
    "ItemReader/ReaderConfig/InputType": frozenset({"CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"}),
    "ItemReader/ReaderConfig/CSVHeaderLocation": frozenset({"FIRST_ROW", "GIVEN"}),
    "ItemReader/ReaderConfig/CSVDelimiter": frozenset({"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"}),
    "ItemReader/ReaderConfig/ManifestType": frozenset({"ATHENA_DATA", "S3_INVENTORY"}),
    "ItemReader/ReaderConfig/Transformation": frozenset({"NONE", "LOAD_AND_FLATTEN"}),
    "ResultWriter/Resource": frozenset({"s3:putObject"}),
    "ResultWriter/WriterConfig/Transformation": frozenset({"NONE", "COMPACT", "FLATTEN"}),
    "ResultWriter/WriterConfig/OutputType": frozenset({"JSON", "JSONL"}),
}


class InvalidMap(Exception):
    """A field that a distributed Map state has not, or a value that a field cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap:
    """What a distributed Map state says beyond what moto's grammar reads.

    jsonata: whether its values are written in JSONata. reader, batcher, writer: None where the state has none.
    tolerates: which thresholds of failures it names, of `ToleratedFailureCount` and `ToleratedFailurePercentage`.
    """

    jsonata: bool
    reader: Mapping[str, Any] | None
    batcher: Mapping[str, Any] | None
    writer: Mapping[str, Any] | None
    tolerates: frozenset[str]


def without_distributed_fields(definition: str) -> str:
    """The definition for moto's grammar. InvalidMap for fields and values that no distributed Map state has."""
    if '"DISTRIBUTED"' not in definition:
        return definition
    try:
        machine = json.loads(definition)
    except ValueError:
        return definition  # the grammar says what is wrong with it
    if not isinstance(machine, dict):
        return definition
    _rewrite(machine, jsonata=False, pointer="")
    return json.dumps(machine, ensure_ascii=False)


def distributed_map(comment: str | None) -> DistributedMap | None:
    """What the comment of a state says of it. None: it is no distributed Map state."""
    if comment is None or not comment.startswith(_MARK):
        return None
    said = json.loads(base64.b64decode(comment.removeprefix(_MARK)))
    return DistributedMap(
        jsonata=said["jsonata"],
        reader=said["fields"].get("ItemReader"),
        batcher=said["fields"].get("ItemBatcher"),
        writer=said["fields"].get("ResultWriter"),
        tolerates=frozenset(said["tolerates"]),
    )


def _rewrite(machine: dict[str, Any], *, jsonata: bool, pointer: str) -> None:
    """Changes a machine, or what a Map or Parallel state runs, in place."""
    jsonata = _is_jsonata(machine, jsonata)
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        here = f"{pointer}/States/{name}"
        for number, branch in enumerate(state.get("Branches") or ()):
            if isinstance(branch, dict):
                _rewrite(branch, jsonata=jsonata, pointer=f"{here}/Branches/{number}")
        for word in ("ItemProcessor", "Iterator"):
            inner = state.get(word)
            if isinstance(inner, dict):
                _rewrite(inner, jsonata=jsonata, pointer=f"{here}/{word}")
                _rewrite_map(state, inner, jsonata=_is_jsonata(state, jsonata), pointer=here)


def _rewrite_map(state: dict[str, Any], inner: dict[str, Any], *, jsonata: bool, pointer: str) -> None:
    config = inner.get("ProcessorConfig")
    if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
        if config.get("ExecutionType") == "EXPRESS":
            config["ExecutionType"] = "STANDARD"  # the grammar knows no other
        _take_out(state, jsonata=jsonata, pointer=pointer)


def _is_jsonata(part: Mapping[str, Any], inherited: bool) -> bool:
    return bool(part.get("QueryLanguage", _JSONATA if inherited else "JSONPath") == _JSONATA)


def _take_out(state: dict[str, Any], *, jsonata: bool, pointer: str) -> None:
    fields = {word: state.pop(word) for word in _TAKEN_OUT if word in state}
    for word, value in fields.items():
        _check(word, value, pointer)
    tolerates = [
        word
        for word in ("ToleratedFailureCount", "ToleratedFailurePercentage")
        if word in state or f"{word}Path" in state
    ]
    percentage = state.get("ToleratedFailurePercentage")
    if isinstance(percentage, int):
        state["ToleratedFailurePercentage"] = float(percentage)  # the grammar knows it with a decimal point only
    said = json.dumps({"jsonata": jsonata, "fields": fields, "tolerates": tolerates})
    state["Comment"] = _MARK + base64.b64encode(said.encode()).decode()


def _check(path: str, value: Any, pointer: str) -> None:
    if path in _VALUES:
        known = _VALUES[path]
        text = str(value).removeprefix("arn:aws:states:::") if path.endswith("/Resource") else value
        if text not in known and not str(value).startswith("{%"):
            raise InvalidMap(f"The value {value!r} at {pointer}/{path} is not one of {', '.join(sorted(known))}")
    if path not in _FIELDS:
        return
    if not isinstance(value, dict):
        raise InvalidMap(f"The value at {pointer}/{path} is not an object")
    for word, member in value.items():
        if word not in _FIELDS[path]:
            raise InvalidMap(f"Field is not supported at {pointer}/{path}/{word}")
        _check(f"{path}/{word}", member, pointer)
