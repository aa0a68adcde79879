"""What a distributed Map state iterates over: items of a value, rows of files, objects of a bucket; and their batches.

In: a reader's configuration and parameters with their expressions evaluated, and what fetches objects. Out: items.
Source: as in `distributed_definitions`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

_DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_MOST_ITEMS: Final = 100_000_000
_GZIP: Final = b"\x1f\x8b"

# The content of an object: of `GetObject`'s parameters.
GetObject = Callable[[Mapping[str, Any]], bytes]
# All objects that a bucket lists: of `ListObjectsV2`'s parameters.
ListObjects = Callable[[Mapping[str, Any]], Iterator[Mapping[str, Any]]]


class UnreadableDataset(Exception):
    """A dataset that holds no items, as `States.ItemReaderFailed` tells it."""


def items_of_value(value: Any) -> list[Any] | None:
    """An array's elements; of an object, its keys and values. None: it holds no items."""
    if isinstance(value, dict):
        return [{"Key": key, "Value": member} for key, member in value.items()]
    return value if isinstance(value, list) else None


def read_dataset(
    resource: str,
    parameters: Mapping[str, Any],
    config: Mapping[str, Any],
    *,
    get_object: GetObject,
    list_objects: ListObjects,
) -> list[Any]:
    """The items that an `ItemReader` names. UnreadableDataset when there are none to be had."""
    items: Iterator[Any]
    if resource.endswith(":listObjectsV2"):
        found = list_objects(parameters)
        if config.get("Transformation") == "LOAD_AND_FLATTEN":
            files = (get_object({"Bucket": parameters["Bucket"], "Key": each["Key"]}) for each in found)
            items = (row for content in files for row in _rows(content, config))
        else:
            items = (_listed(each) for each in found)
    elif config.get("ManifestType") or config.get("InputType") == "MANIFEST":
        items = _items_of_manifest(get_object(parameters), config, get_object)
    else:
        items = _rows(get_object(parameters), config)
    # "If you don't specify this field, or 0": all there are
    most = int(config.get("MaxItems") or _MOST_ITEMS)
    if most < 0:
        raise UnreadableDataset("field MaxItems must be positive")
    return list(islice(items, most))


def batches(items: Sequence[Any], *, most_items: int | None, most_bytes: int | None, given: Any) -> list[Any]:
    """The inputs of child executions: as many items each as fit. given: `BatchInput`, None where there is none."""
    frame: dict[str, Any] = {} if given is None else {"BatchInput": given}
    begun = len(_json({**frame, "Items": []}))
    made: list[list[Any]] = []
    size = 0
    for item in items:
        more = len(_json(item)) + 1
        full = made and (
            (most_items is not None and len(made[-1]) >= most_items)
            or (most_bytes is not None and begun + size + more > most_bytes)
        )
        if not made or full:
            made.append([])
            size = 0
        made[-1].append(item)
        size += more
    return [{**frame, "Items": batch} for batch in made]


def _listed(listed: Mapping[str, Any]) -> dict[str, Any]:
    """An object as a list of them names it to a child execution."""
    return {
        "Etag": listed["ETag"],
        "Key": listed["Key"],
        "LastModified": int(listed["LastModified"].timestamp()),
        "Size": listed["Size"],
        "StorageClass": listed.get("StorageClass", "STANDARD"),
    }


def _rows(content: bytes, config: Mapping[str, Any]) -> Iterator[Any]:
    """The items of a file."""
    if content[:2] == _GZIP:
        content = gzip.decompress(content)
    match config.get("InputType", "JSON"):
        case "CSV":
            return _rows_of_table(content.decode("utf-8-sig"), config)
        case "JSONL":
            return (_parsed(line) for line in content.decode("utf-8-sig").splitlines() if line.strip())
        case "JSON":
            found = items_of_value(_pointed(_parsed(content), config.get("ItemsPointer")))
            if found is None:
                raise UnreadableDataset("Attempting to map over non-iterable node.")
            return iter(found)
        case other:
            raise UnreadableDataset(f"files of type {other} are not read here")


def _rows_of_table(text: str, config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    rows = csv.reader(io.StringIO(text), delimiter=_DELIMITERS[config.get("CSVDelimiter", "COMMA")])
    headers = list(config["CSVHeaders"]) if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    if len(set(headers)) < len(headers):
        raise UnreadableDataset("CSV headers cannot contain duplicates.")
    for row in rows:
        if row:
            yield {header: row[at] if at < len(row) else "" for at, header in enumerate(headers)}


def _items_of_manifest(content: bytes, config: Mapping[str, Any], get_object: GetObject) -> Iterator[Any]:
    """Items of the files that a manifest names: Athena's lists files, S3 Inventory's lists files of objects."""
    if config.get("ManifestType") == "ATHENA_DATA":
        for line in content.decode().splitlines():
            bucket, _, key = line.strip().removeprefix("s3://").partition("/")
            if key:
                yield from _rows(get_object({"Bucket": bucket, "Key": key}), config)
        return
    manifest = _parsed(content)
    if not isinstance(manifest, dict) or manifest.get("fileFormat", "CSV") != "CSV":
        raise UnreadableDataset("a manifest of S3 Inventory lists files of the format CSV")
    headers = [name.strip() for name in str(manifest["fileSchema"]).split(",")]
    bucket = str(manifest["destinationBucket"]).rpartition(":")[2]
    table = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": headers}
    for file in manifest["files"]:
        yield from _rows(get_object({"Bucket": bucket, "Key": file["key"]}), table)


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as invalid:
        raise UnreadableDataset(f"Unable to parse the content as JSON: {invalid}") from None


def _pointed(value: Any, pointer: str | None) -> Any:
    """What a JSON pointer (RFC 6901) finds."""
    for part in (pointer or "").split("/")[1:]:
        word = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(word)] if isinstance(value, list) else value[word]
        except (KeyError, IndexError, TypeError, ValueError):
            raise UnreadableDataset(f"Unable to find the element that ItemsPointer {pointer!r} points to") from None
    return value


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
