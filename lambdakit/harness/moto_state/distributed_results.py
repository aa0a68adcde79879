"""What came of a distributed Map state: its output, and the files that a `ResultWriter` exports.

In: the child executions, in the order of their items. Out: values and the content of files.
Source: AWS Step Functions Developer Guide, "ResultWriter (Map)".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from lambdakit.records import dataclass

Status = Literal["SUCCEEDED", "FAILED", "PENDING"]
_KINDS: Final[tuple[Status, ...]] = ("FAILED", "PENDING", "SUCCEEDED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child execution. items: how many it was given. status: PENDING where it was not run or not ended.

    output: None unless it succeeded. error, cause: empty unless it failed. started, stopped: None where it was not.
    """

    arn: str
    machine_arn: str
    given: Any
    items: int = 1
    status: Status = "PENDING"
    output: Any = None
    error: str = ""
    cause: str = ""
    started: datetime | None = None
    stopped: datetime | None = None


def outputs(children: Sequence[Child], transformation: str) -> list[Any]:
    """What is returned of each child. transformation: `NONE`, `COMPACT` or `FLATTEN`.

    "If a child workflow execution fails, Step Functions returns its execution result unchanged. The results would be
    equivalent to having set Transformation to NONE."
    """
    made: list[Any] = []
    for child in children:
        if transformation == "NONE" or child.status != "SUCCEEDED":
            made.append(_record(child))
        elif transformation == "FLATTEN" and isinstance(child.output, list):
            made.extend(child.output)
        else:
            made.append(child.output)
    return made


def exported(
    children: Sequence[Child], *, bucket: str, folder: str, run_arn: str, transformation: str, lines: bool
) -> Mapping[str, bytes]:
    """Key -> content of every file, the manifest last. folder: ends in a slash. lines: whether it is JSON Lines."""
    files: dict[str, bytes] = {}
    listed: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for kind in _KINDS:
        some = [child for child in children if child.status == kind]
        if not some:
            continue
        key = f"{folder}{kind}_0.{'jsonl' if lines else 'json'}"
        values = outputs(some, transformation)
        text = "\n".join(json.dumps(value) for value in values) if lines else json.dumps(values)
        files[key] = text.encode()
        listed[kind].append({"Key": key, "Size": len(files[key])})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run_arn, "ResultFiles": listed}
    return {**files, f"{folder}manifest.json": json.dumps(manifest).encode()}


def _record(child: Child) -> dict[str, Any]:
    """A child with what is known of its execution. Inputs and outputs are texts."""
    record: dict[str, Any] = {"ExecutionArn": child.arn, "Input": json.dumps(child.given)}
    record |= {"InputDetails": {"Included": True}, "Name": child.arn.rpartition(":")[2]}
    if child.status == "SUCCEEDED":
        record |= {"Output": json.dumps(child.output), "OutputDetails": {"Included": True}}
    if child.error:
        record["Error"] = child.error
    if child.cause:
        record["Cause"] = child.cause
    if child.started is not None:
        record["StartDate"] = _iso(child.started)
    record |= {"StateMachineArn": child.machine_arn, "Status": child.status}
    if child.stopped is not None:
        record["StopDate"] = _iso(child.stopped)
    return record


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
