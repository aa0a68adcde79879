"""Distributed Map states, as far as nothing runs: their definitions, datasets, batches and results.

Source, unless a test says another: AWS Step Functions Developer Guide, "Map state input and output fields in Step
Functions" with its pages "ItemReader (Map)", "ItemBatcher (Map)" and "ResultWriter (Map)".
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.moto_state.distributed_datasets import UnreadableDataset, batches, items_of_value, read_dataset
from lambdakit.harness.moto_state.distributed_definitions import InvalidMap, distributed_map, without_distributed_fields
from lambdakit.harness.moto_state.distributed_results import Child, exported, outputs

GET, LIST = "arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2"
WHERE = {"Bucket": "b", "Key": "k"}


def definition(mode: str = "DISTRIBUTED", **more: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": mode, "ExecutionType": "EXPRESS"}, "StartAt": "P", "States": {"P": {}}}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, **more}}}


def rewritten(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(without_distributed_fields(json.dumps(given))))


def read(files: Mapping[str, bytes], resource: str = GET, **config: Any) -> list[Any]:
    def listed(parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        changed = datetime(2026, 1, 1, tzinfo=UTC)
        for key, body in files.items():
            if key.startswith(parameters.get("Prefix", "")):
                yield {
                    "ETag": '"e"',
                    "Key": key,
                    "LastModified": changed,
                    "Size": len(body),
                    "StorageClass": "STANDARD",
                }

    return read_dataset(resource, WHERE, config, get_object=lambda asked: files[asked["Key"]], list_objects=listed)


def test_what_moto_does_not_read_is_kept_in_the_comment() -> None:
    reader, batcher = {"Resource": LIST, "Parameters": {"Bucket": "b"}}, {"MaxItemsPerBatch": 2}

    state = rewritten(definition(ItemReader=reader, ItemBatcher=batcher, ToleratedFailurePercentage=5))["States"]["M"]

    said = distributed_map(state["Comment"])
    assert said is not None
    assert (said.reader, said.batcher, said.writer) == (reader, batcher, None)
    assert not said.jsonata
    assert set(said.tolerates) == {"ToleratedFailurePercentage"}
    assert not {"ItemReader", "ItemBatcher"} & state.keys()
    assert state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] == "STANDARD"
    assert isinstance(state["ToleratedFailurePercentage"], float)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps(definition("INLINE")), '{"Comment": "DISTRIBUTED"}'])
def test_other_definitions_stay_as_they_are(text: str) -> None:
    assert without_distributed_fields(text) == text
    assert distributed_map("a comment of the user's") is None
    assert distributed_map(None) is None


@pytest.mark.parametrize("around", ["branch", "map"])
def test_maps_are_found_within_other_states(around: str) -> None:
    inner = {**definition(ItemBatcher={"MaxItemsPerBatch": 1}), "QueryLanguage": "JSONata"}
    outer = {"Type": "Parallel", "Branches": [inner]} if around == "branch" else {"Type": "Map", "ItemProcessor": inner}

    state = rewritten({"StartAt": "O", "States": {"O": outer}})["States"]["O"]

    inside = state["Branches"][0] if around == "branch" else state["ItemProcessor"]
    said = distributed_map(inside["States"]["M"]["Comment"])
    assert said is not None and said.jsonata


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"ItemBatcher": {"Most": 1}}, "Field is not supported at /States/M/ItemBatcher/Most"),
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:copyObject"}}, "/States/M/ItemReader/Resource is not one of"),
        (
            {"ItemReader": {"ReaderConfig": {"InputType": "XML"}}},
            "'XML' at /States/M/ItemReader/ReaderConfig/InputType",
        ),
        ({"ResultWriter": {"WriterConfig": {"Transformation": "ZIP"}}}, "'ZIP' at /States/M/ResultWriter/WriterConfig"),
        ({"ResultWriter": []}, "The value at /States/M/ResultWriter is not an object"),
    ],
)
def test_unknown_fields_and_values_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidMap, match=problem):
        rewritten(definition(**fields))


def test_rows_are_read_with_their_headers() -> None:
    table = b"\xef\xbb\xbfid|name\n1|Ada\n2\n"

    assert read({"k": table}, InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVDelimiter="PIPE") == [
        {"id": "1", "name": "Ada"},
        {"id": "2", "name": ""},
    ]
    assert read({"k": b"1,2\n"}, InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a", "b"]) == [
        {"a": "1", "b": "2"}
    ]


def test_files_may_be_compressed_and_hold_lines() -> None:
    assert read({"k": gzip.compress(b'{"a": 1}\n\n{"a": 2}\n')}, InputType="JSONL") == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(("most", "items"), [(0, 3), (1, 1), (3, 3), (4, 3), ("2", 2)])
def test_as_many_items_are_read_as_are_wanted(most: object, items: int) -> None:
    assert len(read({"k": b"[1, 2, 3]"}, InputType="JSON", MaxItems=most)) == items


def test_items_lie_where_the_pointer_points() -> None:
    content = json.dumps({"a/b": {"items": [[1, 2]]}}).encode()

    assert read({"k": content}, InputType="JSON", ItemsPointer="/a~1b/items/0") == [1, 2]
    assert read({"k": b'{"x": 1}'}, InputType="JSON") == [{"Key": "x", "Value": 1}]


@pytest.mark.parametrize(
    ("content", "config", "problem"),
    [
        (b"{", {"InputType": "JSON"}, "Unable to parse"),
        (b"1", {"InputType": "JSON"}, "non-iterable"),
        (b"{}", {"InputType": "JSON", "ItemsPointer": "/no"}, "'/no'"),
        (b"a,a\n1,2\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "duplicates"),
        (b"PAR1", {"InputType": "PARQUET"}, "PARQUET"),
        (b"[]", {"InputType": "JSON", "MaxItems": -1}, "must be positive"),
    ],
)
def test_unreadable_datasets_say_why(content: bytes, config: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnreadableDataset, match=problem):
        read({"k": content}, **config)


def test_objects_are_listed_as_step_functions_names_them() -> None:
    listed = {"Etag": '"e"', "Key": "k", "LastModified": 1767225600, "Size": 2, "StorageClass": "STANDARD"}

    assert read({"k": b"[]"}, LIST) == [listed]
    assert read({"a": b"[1]", "b": b"[2]"}, LIST, InputType="JSON", Transformation="LOAD_AND_FLATTEN") == [1, 2]


def test_manifests_name_files() -> None:
    inventory = {"destinationBucket": "arn:aws:s3:::b", "fileFormat": "CSV", "fileSchema": "Bucket, Key"}
    files = {"k": json.dumps({**inventory, "files": [{"key": "one.csv.gz"}]}).encode()}

    assert read({**files, "one.csv.gz": gzip.compress(b'"src","x.txt"\n')}, InputType="MANIFEST") == [
        {"Bucket": "src", "Key": "x.txt"}
    ]
    athena = {"k": b"s3://b/one\ns3://b/two\n", "one": b'{"n": 1}', "two": b'{"n": 2}'}
    assert read(athena, InputType="JSONL", ManifestType="ATHENA_DATA") == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(("value", "items"), [([1], [1]), ({"a": 1}, [{"Key": "a", "Value": 1}]), ("x", None)])
def test_values_that_hold_items(value: object, items: object) -> None:
    assert items_of_value(value) == items


@given(
    items=st.lists(st.one_of(st.integers(), st.text(max_size=20)), max_size=40),
    most=st.one_of(st.none(), st.integers(1, 9)),
    size=st.one_of(st.none(), st.integers(40, 200)),
)
def test_batches_hold_every_item_once_and_no_more_than_fits(
    items: list[Any], most: int | None, size: int | None
) -> None:
    made = batches(items, most_items=most, most_bytes=size, given={"a": 1})

    assert [item for batch in made for item in batch["Items"]] == items
    for batch in made:
        assert batch["BatchInput"] == {"a": 1}
        assert most is None or 1 <= len(batch["Items"]) <= most
        written = len(json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode())
        assert size is None or written <= size or len(batch["Items"]) == 1


DONE = Child(arn="arn:m/l:1", machine_arn="arn:m/l", given=1, status="SUCCEEDED", output=[1, 2])
FAILED = Child(arn="arn:m/l:2", machine_arn="arn:m/l", given=2, status="FAILED", error="E", cause="c")


def test_a_failed_child_is_told_whole_whatever_the_transformation() -> None:
    assert outputs([DONE], "COMPACT") == [[1, 2]]
    assert outputs([DONE, DONE], "FLATTEN") == [1, 2, 1, 2]
    for transformation in ("COMPACT", "FLATTEN", "NONE"):
        told = outputs([FAILED], transformation)[0]
        assert (told["Status"], told["Error"], told["Cause"], told["Input"]) == ("FAILED", "E", "c", "2")


def test_results_are_exported_by_what_became_of_them() -> None:
    files = exported([DONE, FAILED], bucket="b", folder="p/r/", run_arn="arn:r", transformation="COMPACT", lines=True)

    manifest = json.loads(files["p/r/manifest.json"])
    assert list(files) == ["p/r/FAILED_0.jsonl", "p/r/SUCCEEDED_0.jsonl", "p/r/manifest.json"]
    assert files["p/r/SUCCEEDED_0.jsonl"] == b"[1, 2]"
    assert manifest["DestinationBucket"] == "b"
    assert manifest["ResultFiles"]["PENDING"] == []
    assert manifest["ResultFiles"]["SUCCEEDED"] == [{"Key": "p/r/SUCCEEDED_0.jsonl", "Size": 6}]
